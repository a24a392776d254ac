"""caffepy diff: what two files have not in common, and that it finds nothing where there is
nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caffepy.core.net import Net
from caffepy.core.weights import save, save_hdf5
from caffepy.proto import caffe_pb2
from caffepy.services.comparing import compare

NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "gaussian" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "relu" top: "sum" }
layer { name: "ip" type: "InnerProduct" bottom: "sum" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "gaussian" } } }
"""  # noqa: E501


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """a and b: the net, with weights as .caffemodel and .h5; of b's one number is other."""
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(NET)
    net = Net("net.prototxt", caffe_pb2.TEST)
    net.params["conv"][1].data[...] = [1, 2, 3, 4]
    save(net, "a.caffemodel", diff=False)
    save_hdf5(net, "a.h5", diff=False)
    net.params["conv"][1].data[...] = [1, 2, 5, 4]
    save(net, "b.caffemodel", diff=False)
    net.close()
    return tmp_path


def test_one_number(call) -> None:
    done = call("diff", "a.caffemodel", "b.caffemodel")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == ["A is a.caffemodel", "B is b.caffemodel"]
    assert lines[3].split() == ["layer", "param", "shape", "largest", "relative"]
    relative = 2 / np.sqrt(1 + 4 + 9 + 16)
    assert lines[4].split() == ["conv", "1", "4", "2", f"{relative:.3g}"]
    assert lines[-1] == ("Not equal; layers in both: 5; settings that differ: 0; "
                         "parameters that differ: 1 of 4.")


@pytest.mark.parametrize("a, b", [
    ("a.caffemodel", "a.caffemodel"), ("a.caffemodel", "a.h5"), ("a.h5", "a.caffemodel"),
    ("net.prototxt", "a.caffemodel"),  # in which the net has a Split
    ("net.prototxt", "a.h5")])
def test_equal(call, a, b) -> None:
    done = call("diff", a, b)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith("Equal; layers in both: ")


def test_all_shows_what_is_equal_too(call) -> None:
    done = call("diff", "-all", "a.caffemodel", "b.caffemodel")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["conv", "0", "4", "x", "3", "x", "3", "x", "3", "0", "0"] in rows


def test_layers_and_settings(call) -> None:
    Path("b.prototxt").write_text(
        NET.replace('"ip"', '"fc"')
        .replace("kernel_size: 3", "kernel_size: [3, 5] bias_term: false")
        .replace('"gaussian"', '"xavier"', 1).replace('type: "ReLU"', 'type: "TanH"'))
    found = compare("net.prototxt", "b.prototxt")
    assert (found.only_a, found.only_b) == ([("ip", "InnerProduct")], [("fc", "InnerProduct")])
    assert [(one.layer, one.name, one.a, one.b) for one in found.settings or []] == [
        ("conv", "convolution_param.bias_term", "- (true)", "false"),
        ("conv", "convolution_param.kernel_size", "3", "3, 5"),
        ("conv", "convolution_param.weight_filler.type", "gaussian", "xavier"),
        ("relu", "type", "ReLU", "TanH")]
    done = call("diff", "net.prototxt", "b.prototxt")
    assert "Only in A:\n  ip  InnerProduct\n" in done.stdout
    assert "parameters not compared, a file is without weights" in done.stdout


def test_other_shapes_and_numbers_of_parameters() -> None:
    Path("b.prototxt").write_text(NET.replace("num_output: 4", "num_output: 4 bias_term: false")
                                  .replace("num_output: 5", "num_output: 6"))
    net = Net("b.prototxt", caffe_pb2.TEST)
    save(net, "b.caffemodel", diff=False)
    net.close()
    apart = compare("a.caffemodel", "b.caffemodel").parameters or []
    found = {(one.layer, one.index): one for one in apart}
    assert found["conv", 1].shapes == ((4,), None)
    assert found["ip", 0].shapes == ((5, 64), (6, 64)) and not found["ip", 0].fits


def test_a_number_that_is_none_is_equal_to_itself_alone(call) -> None:
    net = Net("net.prototxt", caffe_pb2.TEST)
    net.params["ip"][1].data[...] = np.nan
    save(net, "nan.caffemodel", diff=False)
    net.close()
    assert call("diff", "nan.caffemodel", "nan.caffemodel").exit_code == 0
    done = call("diff", "nan.caffemodel", "a.caffemodel")
    assert any(line.split() == ["ip", "1", "5", "nan", "nan"] for line in done.stdout.splitlines())


def test_what_is_no_model_is_told_in_a_line(call) -> None:
    state = caffe_pb2.SolverState(iter=3, current_step=1, learned_net="a.caffemodel")
    Path("a.solverstate").write_bytes(state.SerializeToString())
    done = call("diff", "a.solverstate", "a.h5")
    assert done.exit_code == 1 and "a.solverstate: this is no model" in done.output
    assert "File not found: none" in call("diff", "none", "a.h5").output
