"""Weights as .npz, .safetensors and .h5: names, numbers, shared parameters."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from caffepy.core.net import Net
from caffepy.errors import ConfigError, NumericError
from caffepy.exchange.files import Options, writer
from caffepy.exchange.weights import npz, safetensors
from caffepy.proto import caffe_pb2, hdf5, text

NET = """
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "a/conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
  num_output: 4 kernel_size: 3 weight_filler { type: "gaussian" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
layer { name: "ip" type: "InnerProduct" bottom: "bn" top: "ip" param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 5 weight_filler { type: "gaussian" } } }
layer { name: "twin" type: "InnerProduct" bottom: "bn" top: "twin" param { name: "w" }
  param { name: "b" } inner_product_param { num_output: 5 } }
"""  # noqa: E501
NAMES = ["a/conv.weights", "a/conv.bias", "bn.mean", "bn.variance", "bn.factor", "ip.weights",
         "ip.bias"]


@pytest.fixture
def net() -> Net:
    spec = caffe_pb2.NetParameter()
    text.parse(NET, spec)
    return Net(spec, caffe_pb2.TEST)


def write(net: Net, path: Path, check: bool = True) -> list[str]:
    return writer(path)(net, path, Options(check=check))


def compare(net: Net, found: dict[str, np.ndarray]) -> None:
    assert list(found) == NAMES or sorted(found) == sorted(NAMES)
    np.testing.assert_array_equal(found["a/conv.weights"], net.params["a/conv"][0].data)
    np.testing.assert_array_equal(found["ip.bias"], net.params["ip"][1].data)
    np.testing.assert_array_equal(found["ip.weights"], net.params["twin"][0].data)


def test_npz(net, tmp_path):
    count = 4 * 3 * 9 + 4 + 4 + 4 + 1 + 5 * 4 * 7 * 7 + 5
    assert write(net, tmp_path / "net.npz") == [
        f"7 parameters, {count:,} numbers; read back, all are the same."]
    with np.load(tmp_path / "net.npz") as file:
        compare(net, dict(file))
    assert write(net, tmp_path / "net.npz", check=False) == [f"7 parameters, {count:,} numbers."]


def test_safetensors(net, tmp_path):
    package = pytest.importorskip("safetensors", reason="the extra [safetensors] is not installed")
    write(net, tmp_path / "net.safetensors")
    with package.safe_open(tmp_path / "net.safetensors", "np") as file:
        compare(net, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        about = file.metadata()
    spec = caffe_pb2.NetParameter()
    text.parse(about["prototxt"], spec)
    assert about["net"] == "small" and [layer.name for layer in spec.layer] == [
        "data", "a/conv", "bn", "ip", "twin"]


def test_hdf5_is_caffes_own(net, tmp_path):
    path = tmp_path / "net.caffemodel.h5"
    assert "read back, all are the same" in write(net, path)[0]
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["data/a/conv/0"][()], net.params["a/conv"][0].data)
        assert "0" in file["data/ip"] and "0" not in file["data/twin"]
    assert {layer.name for layer in hdf5.read_net(path).layers} == {"a/conv", "bn", "ip"}
    spec = caffe_pb2.NetParameter()
    text.parse(NET, spec)
    other = Net(spec, caffe_pb2.TEST)
    other.load(path)
    np.testing.assert_array_equal(other.params["twin"][0].data, net.params["ip"][0].data)


def test_without_the_package_the_cure_is_told(net, tmp_path, monkeypatch):
    def missing(name: str):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(safetensors.importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'caffepy\[safetensors\]'"):
        safetensors.write(net, tmp_path / "net.safetensors", Options())


def test_a_file_that_gives_other_numbers_is_told(net, tmp_path, monkeypatch):
    plain = np.savez
    monkeypatch.setattr(npz.np, "savez", lambda file, **arrays: plain(
        file, **{**arrays, "ip.bias": arrays["ip.bias"] + 1}))
    with pytest.raises(NumericError, match="other numbers for 'ip.bias'"):
        write(net, tmp_path / "net.npz")


def test_names_that_fall_together_are_refused(tmp_path):
    spec = caffe_pb2.NetParameter()
    words = NET.replace('"twin"', '"ip"', 1)
    for shared in ('param { name: "w" }', 'param { name: "b" }'):
        words = words.replace(shared, "")
    text.parse(words, spec)
    with pytest.raises(ConfigError, match="two parameters have one name"):
        write(Net(spec, caffe_pb2.TEST), tmp_path / "net.npz")
