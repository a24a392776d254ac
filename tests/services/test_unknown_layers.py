"""Nets with layers of types that nobody knows: shown, upgraded and deployed, but not run."""

import re

import numpy as np
import pytest

import caffepy
from caffepy.core import upgrade
from caffepy.core.net import Net
from caffepy.draw import draw_net
from caffepy.errors import CaffeError, ConfigError
from caffepy.proto import caffe_pb2, text, unknown, wire
from caffepy.proto.varint import LENGTH, VARINT, key, varint
from caffepy.services import upgrading
from caffepy.services.deploying import deploy
from caffepy.services.summary import summarize

# three unknown types, two unknown words
NET = """name: "strange"
layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "gone_lmdb" batch_size: 4 }
  transform_param { crop_size: 8 mirror: true } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "wave1" type: "WaveAct" bottom: "conv1" top: "conv1"
  wave_param { alpha: 2.50 mode: MAX } }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 6 kernel_size: 3 } }
layer { name: "sim" type: "CPMData" bottom: "conv2" top: "sim"
  order: [0, 2]
  transform_param { scale: 0.5 }
  param { lr_mult: 2 } }
layer { name: "relu" type: "ReLU" bottom: "sim" top: "sim" }
layer { name: "ip" type: "InnerProduct" bottom: "sim" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "MyFocal" bottom: "ip" bottom: "label" top: "loss" loss_weight: 1 }
"""


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    return "net.prototxt"


def test_whoever_runs_it_is_told_all_at_once():
    with pytest.raises(ConfigError) as caught:
        Net("net.prototxt", caffe_pb2.TRAIN)
    assert str(caught.value) == """\
net.prototxt:7:23: Unknown layer type: WaveAct, with wave_param (line 8). No layer of the original \
has that name: it comes from a fork or a plug-in. "caffepy layers" lists what there is.
layer { name: "wave1" type: "WaveAct" bottom: "conv1" top: "conv1"
                      ^
and 3 more:
  11:21    Unknown layer type: CPMData. CPMData is a layer of the pose machines' fork
           (shihenw/caffe), which caffepy does not have yet.
  12:3     unknown field "order" in layer
  18:22    Unknown layer type: MyFocal. No layer of the original has that name: it comes from a fork
           or a plug-in. "caffepy layers" lists what there is.
A missing layer can be written in Python: -plugin FILE.py loads it (docs/contributing.md)."""
    param, _ = upgrade.read_net_param("net.prototxt")
    with pytest.raises(ConfigError) as caught:
        caffepy.Net(param, caffepy.TRAIN)
    for words in ("WaveAct, with wave_param", "CPMData, with order", "MyFocal", "-plugin FILE.py"):
        assert words in str(caught.value)


def test_those_of_another_phase_do_not_matter(tmp_path):
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } } '
        'layer { name: "y" type: "MyEval" bottom: "x" top: "y" my: 3 include { phase: TEST } }')
    assert Net("net.prototxt", caffe_pb2.TRAIN).layer_names == ["x"]
    with pytest.raises(ConfigError, match="MyEval"):
        Net("net.prototxt", caffe_pb2.TEST)


def test_a_summary_says_what_is_known(path):
    found = summarize(path)
    rows = {row.name: row for row in found.rows}
    assert list(rows) == ["data", "conv1", "wave1", "conv2", "sim", "relu", "ip", "loss"]
    assert rows["wave1"].shapes == [(4, 4, 6, 6)] and rows["conv2"].shapes == [(4, 6, 4, 4)]
    assert rows["wave1"].params is None and rows["conv1"].params == 3 * 4 * 9 + 4
    assert [rows[name].shapes for name in ("sim", "relu", "ip", "loss")] == [None] * 4
    assert found.params == rows["conv1"].params + rows["conv2"].params
    assert found.notes[0].startswith(
        "net.prototxt:7, layer 'wave1': Unknown layer type: WaveAct, with wave_param. No layer")
    assert found.notes[1].startswith("net.prototxt:11, layer 'sim': Unknown layer type: CPMData, w")
    assert "MyFocal" in found.notes[2] and found.notes[-1].startswith("the sums are of what is kno")


def test_unknown_data_have_the_shape_that_is_given(tmp_path):
    (tmp_path / "net.prototxt").write_text(NET.replace('"Data"', '"FooData"'))
    shapes = [row.shapes for row in summarize("net.prototxt").rows]
    assert shapes == [None] * len(shapes)
    found = summarize("net.prototxt", input_shape=[3, 8, 8])
    assert found.rows[0].shapes == [(1, 3, 8, 8), (1,)] and found.rows[3].shapes == [(1, 6, 4, 4)]
    assert "layer 'data': the type FooData is not known; taken as 1 x 3 x 8 x 8" in found.notes
    assert found.notes[0].startswith("net.prototxt:2, layer 'data': Unknown layer type: FooData")


def test_drawings(path):
    net, _ = upgrade.read_net_param(path)
    for ext in ("svg", "dot"):
        drawn = draw_net(net, ext=ext).decode()
        assert drawn.count("unknown type") == 3
        for words in ("WaveAct", "CPMData", "MyFocal", "4 x 6 x 4 x 4"):
            assert words in drawn
        # sim, ip, loss
        assert len(re.findall(r">\?<|(?<=[n\"])\?\"", drawn)) == 3, drawn
    assert "?" not in draw_net(net, ext="dot", shapes=False).decode()


def test_an_upgrade_keeps_every_word(path, tmp_path, caplog):
    assert upgrading.net_text(path, "new.prototxt") == 0
    said = [record.getMessage() for record in caplog.records if "Kept" in record.getMessage()]
    assert len(said) == 3 and said[0].startswith(
        "Kept as it is: net.prototxt:7, layer 'wave1': Unknown layer type: WaveAct, with wave_p")
    new = (tmp_path / "new.prototxt").read_text()
    assert '  wave_param {\n    alpha: 2.50\n    mode: MAX\n  }\n}' in new
    assert "    scale: 0.5\n  }\n  order: 0\n  order: 2\n}" in new
    assert upgrading.net_text("new.prototxt", "again.prototxt") == 0
    assert (tmp_path / "again.prototxt").read_text() == new
    before, after = (upgrade.read_net_param(name)[0] for name in (path, "new.prototxt"))
    assert before == after
    solver = tmp_path / "solver.prototxt"
    solver.write_text(f"train_net_param {{ {NET} }} base_lr: 0.1")
    assert upgrading.solver_text("solver.prototxt", "new_solver.prototxt") == 0
    assert "      alpha: 2.50\n      mode: MAX\n" in (tmp_path / "new_solver.prototxt").read_text()


def test_an_old_net_keeps_them_too(tmp_path):
    (tmp_path / "old.prototxt").write_text("""
        layers { name: "a" type: DUMMY_DATA top: "a" dummy_data_param { num: 1 channels: 1 height: 1
                 width: 1 } }
        layers { name: "b" type: STRANGE bottom: "a" top: "b" blobs_lr: 2 word { x: 1 } }""")
    upgrading.net_text("old.prototxt", "new.prototxt")
    assert (tmp_path / "new.prototxt").read_text().endswith(
        'name: "b"\n  type: "STRANGE"\n  bottom: "a"\n  top: "b"\n  param {\n    lr_mult: 2\n  }\n'
        "  word {\n    x: 1\n  }\n}\n")
    assert summarize("new.prototxt").rows[1].type == "STRANGE"


def test_the_net_for_use(path):
    made, notes = deploy(path)
    kinds = [(layer.name, layer.type) for layer in made.layer]
    assert kinds == [("data", "Input"), ("conv1", "Convolution"), ("wave1", "WaveAct"),
                     ("conv2", "Convolution"), ("sim", "CPMData"), ("relu", "ReLU"),
                     ("ip", "InnerProduct")]
    assert unknown.of(made.layer[2])["wave_param"] == {"alpha": 2.5, "mode": "MAX"}
    sim = made.layer[4]
    assert unknown.of(sim)["order"] == [0, 2] and sim.transform_param.scale == 0.5
    assert sim.param[0].lr_mult == 2 and not made.layer[6].inner_product_param.HasField(
        "weight_filler")
    assert [note.partition(":")[0] for note in notes[-2:]] == ["As it was"] * 2
    assert "WaveAct, with wave_param" in notes[-2] and "CPMData, with order" in notes[-1]
    back = caffe_pb2.NetParameter()
    from caffepy.core import registry

    text.parse(text.to_text(made), back, types=registry.names)
    assert back == made


def test_the_net_for_use_needs_the_shape_of_unknown_data(tmp_path):
    (tmp_path / "net.prototxt").write_text(NET.replace('"Data"', '"FooData"'))
    with pytest.raises(ConfigError, match="shape of 'data' is not known: nobody knows its layer's"):
        deploy("net.prototxt")
    made, _ = deploy("net.prototxt", input_shape=[3, 8, 8])
    assert list(made.layer[0].input_param.shape[0].dim) == [10, 3, 8, 8]


# weights


def part(number: int, content: bytes) -> bytes:
    return key(number, LENGTH) + varint(len(content)) + content


def blob(*values: float) -> bytes:
    return caffe_pb2.BlobProto(
        data=values, shape=caffe_pb2.BlobShape(dim=[len(values)])).SerializeToString()


SCALE = part(142, caffe_pb2.ScaleParameter(axis=0).SerializeToString())


@pytest.fixture
def weights(tmp_path):
    """Of a fork: data, a layer with a field that nobody knows, one with its own message under a
    number that the original gave to Clip later, and one that is ours."""
    (tmp_path / "w.caffemodel").write_bytes(
        part(100, part(1, b"x") + part(2, b"DummyData") + part(4, b"x") + part(109, part(
            6, caffe_pb2.BlobShape(dim=[1]).SerializeToString())))
        + part(100, part(1, b"a") + part(2, b"Strange") + part(7, blob(1, 2))
               + part(777, b"\x08\x05"))
        + part(100, part(1, b"b") + part(2, b"Stranger") + part(148, b"\x0a\x02hi"))
        + part(100, part(1, b"c") + part(2, b"Scale") + part(3, b"x") + part(4, b"c") + SCALE
               + part(7, blob(3))) + part(55, b"of the net"))
    return "w.caffemodel"


def test_weights_come_by_name_and_unknown_fields_stay(weights, tmp_path):
    assert [layer.name for layer in wire.read_net(weights).layers] == ["x", "a", "b", "c"]
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } } layer { '
        'name: "c" type: "Scale" bottom: "x" top: "c" scale_param { axis: 0 } }')
    assert caffepy.Net("net.prototxt", weights, caffepy.TEST).params["c"][0].data == [3]
    assert upgrading.net_binary(weights, "new.caffemodel") == 0
    new = (tmp_path / "new.caffemodel").read_bytes()
    for kept in (part(777, b"\x08\x05"), part(148, b"\x0a\x02hi"), part(55, b"of the net")):
        assert kept in new
    assert upgrading.net_binary("new.caffemodel", "again.caffemodel") == 0
    assert (tmp_path / "again.caffemodel").read_bytes() == new
    np.testing.assert_array_equal(wire.read_net("new.caffemodel").blobs("a")[0], [1, 2])


def test_the_table_of_weights(weights):
    rows = summarize(weights).rows
    assert [(row.type, row.params) for row in rows] == [
        ("DummyData", 0), ("Strange", 2), ("Stranger", None), ("Scale", 1)]


def test_old_weights_of_an_unknown_type(tmp_path):
    (tmp_path / "old.caffemodel").write_bytes(part(2, (
        part(4, b"a") + key(5, VARINT) + varint(999) + part(6, blob(1, 2)) + part(777, b"\x08\x05")
        + key(778, VARINT) + varint(3) + part(137, b""))))
    upgrading.net_binary("old.caffemodel", "new.caffemodel")
    layer = upgrade.read_net_param_binary("new.caffemodel").layer[0]
    assert (layer.name, layer.type, list(layer.blobs[0].data)) == ("a", "999", [1, 2])
    content = layer.SerializeToString()
    assert part(777, b"\x08\x05") in content and key(778, VARINT) + varint(3) in content


def test_a_damaged_file_is_still_an_error(tmp_path):
    (tmp_path / "w.caffemodel").write_bytes(part(100, part(1, b"a") + b"\x07"))
    with pytest.raises(CaffeError):
        summarize("w.caffemodel")


@pytest.mark.parametrize("word, cure", [
    ("Conv", 'Write type: "Convolution"'), ("Relu", "Did you mean ReLU"),
    ("CONVOLUTION", 'write type: "Convolution"')])
def test_a_known_type_in_other_words_is_a_mistake(tmp_path, word, cure):
    """It is nobody's own type, so whoever shows the net says what to write."""
    path = tmp_path / "net.prototxt"
    path.write_text('layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }\n'
                    f'layer {{ name: "c" type: "{word}" bottom: "x" top: "c" }}')
    for show in (summarize, deploy):
        with pytest.raises(ConfigError, match=f"Unknown layer type: {word}.*{cure}"):
            show(str(path))
