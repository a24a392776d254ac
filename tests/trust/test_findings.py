"""What fuzzers found (scripts/fuzz.py), one test each: only a CaffeError may come out."""

from __future__ import annotations

import struct

import pytest

from caffepy.core.upgrade import upgrade_net
from caffepy.data import datum, image
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.blobs import take_blob
from caffepy.proto.wirereader import Region
from caffepy.services import log_reading


def test_an_old_padding_layer_without_a_bottom():
    net = caffe_pb2.NetParameter()
    text.parse('layers { layer { name: "pad1" type: "padding" pad: 2 } top: "x" } '
               'layers { layer { name: "c" type: "conv" } bottom: "x" top: "y" }', net)
    with pytest.raises(ConfigError, match="layer 'pad1': a padding layer takes one bottom"):
        upgrade_net(net)


@pytest.mark.parametrize("dims", [(65, 1 << 60, 0, 0), (0, 1 << 60), (1,) * 40,
                                  (0, 186743, 186756, 66116650)])
def test_a_blob_of_a_shape_that_no_array_has(dims):
    blob = caffe_pb2.BlobProto(data=[1.0] if all(dims) else [])
    blob.shape.dim.extend(dims)
    with pytest.raises(DataError, match="a blob of shape"):
        take_blob(Region.whole(memoryview(blob.SerializeToString()), "file"))


@pytest.mark.parametrize("head", [
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">IIBB", 30000, 30000, 8, 2),
    b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 30000, 30000),
])
def test_a_picture_of_few_bytes_does_not_claim_gigabytes(head):
    """OpenCV makes room for what the head says before it looks at the rest."""
    with pytest.raises(DataError, match="30000 x 30000 in 126 bytes"):
        image.decode(head.ljust(126, b"\0"))
    with pytest.raises(DataError):
        datum.decode(caffe_pb2.Datum(encoded=True, data=head).SerializeToString())


@pytest.mark.parametrize("before", [b"", b"\0\0\0\x02IENDxxxxxx"])
def test_a_png_does_not_claim_gigabytes_for_a_chunk(before):
    head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0)
    data = head + b"\0\0\0\0" + before + b"\xfb\xff\0\x13IDAT" + b"\0" * 40
    with pytest.raises(DataError, match="cut short or damaged .found"):
        image.decode(data)


def test_log_lines_that_lie_across_each_other(tmp_path):
    (tmp_path / "log").write_text("".join(
        f"I1122 16:29:33.283150 1 solver.cpp:1] {line}\n" for line in (
            "Iteration 0, loss = 2.5", "    Train net output #0: loss = 2.348.669387",
            f"    Train net output #{'1' * 5000}: loss = 2.3", "Iteration 0, lr = 0.1.2",
            "    Train net output #1: loss = 2.25", "Iteration 0, lr = 1e-3")))
    log = log_reading.read(tmp_path / "log")
    (row,) = log.train
    assert row["loss"] == 2.25
    assert [row["LearningRate"] for row in log.rates] == [0.001]


@pytest.mark.parametrize("line, words", [
    ("solver_mode: 06", "expected a value of solver_mode .found 06"),
    ("solver_mode: " + "1" * 5000, "expected a value of solver_mode"),
    ("max_iter: " + "9" * 5000, "max_iter is out of range"),
    ('net: "\\U00110000"', "takes eight hex digits, 00000000 to 0010FFFF"),
    ('net: "\\UFFFFFFFF"', "takes eight hex digits, 00000000 to 0010FFFF"),
])
def test_numbers_that_python_does_not_read(line, words):
    with pytest.raises(ConfigError, match=words):
        text.parse(line, caffe_pb2.SolverParameter())
