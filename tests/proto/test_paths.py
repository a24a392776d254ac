"""Names of files that are not UTF-8 in messages, prototxt and out again."""

import os

import pytest

from caffepy.core.upgrade import read_solver_param
from caffepy.proto import caffe_pb2, text
from caffepy.proto.paths import path_of, paths_of, raw_path, set_path

NAME = os.fsdecode(b"\xd1\xd0")  # a word in GBK
ODD = [NAME, "plain", "ä", "a\nb", NAME + "ä", ""]


@pytest.mark.parametrize("name", ODD)
def test_a_field_keeps_any_name(name):
    solver = caffe_pb2.SolverParameter(net="old")
    set_path(solver, "net", name)
    assert path_of(solver, "net") == name and solver.HasField("net")
    copy = caffe_pb2.SolverParameter.FromString(solver.SerializeToString())
    assert path_of(copy, "net") == name and copy == solver


def test_repeated_fields():
    solver = caffe_pb2.SolverParameter()
    for name in ODD:
        set_path(solver, "test_net", name)
    assert paths_of(solver, "test_net") == ODD


@pytest.mark.parametrize("written", [b"\xd1\xd0", rb"\321\320", rb"\xd1\xd0"])
def test_prototxt_in_and_out(written):
    solver = caffe_pb2.SolverParameter()
    content = b'net: "%s/n" test_net: "%s" test_net: "x" snapshot_prefix: "%s"' % ((written,) * 3)
    text.parse(content, solver)
    assert path_of(solver, "net") == f"{NAME}/n" and paths_of(solver, "test_net") == [NAME, "x"]
    printed = text.to_text(solver)
    assert 'net: "\\321\\320/n"\n' in printed
    back = caffe_pb2.SolverParameter()
    text.parse(printed, back)
    assert back == solver


def test_what_is_no_path_must_be_utf_8():
    for content in (b'name: "\xd1\xd0"', rb'name: "\321\320"', b'layer { type: "\xd1\xd0" }'):
        with pytest.raises(text.PrototxtError, match="is not UTF-8 text. Save the file as UTF-8."):
            text.parse(content, caffe_pb2.NetParameter())


def test_a_solver_file_of_such_a_name_gives_the_prefix(tmp_path):
    folder = os.path.join(tmp_path, NAME)
    os.mkdir(folder)
    for content, expected in (("base_lr: 1", f"{folder}/s"),
                              (f'snapshot_prefix: "{folder}"', f"{folder}/s")):
        path = f"{folder}/s.prototxt"
        with open(path, "wb") as file:
            file.write(os.fsencode(content))
        param, _ = read_solver_param(path)
        assert path_of(param, "snapshot_prefix") == expected


def test_for_libraries_that_take_text_strictly():
    assert raw_path("ä") == "ä" and raw_path(NAME) == b"\xd1\xd0"
