"""Nets as PyTorch modules: the text, its state dict, and that both give what the net gives."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from exchange.torch_nets import torch
from support import REFERENCE, case_names

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError, NumericError
from caffepy.exchange import checking
from caffepy.exchange.files import Options, writer
from caffepy.exchange.weights import pytorch
from caffepy.exchange.weights.module import written
from caffepy.proto import caffe_pb2, text

SMALL = """
name: "small-net 2"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "conv/1" type: "Convolution" bottom: "data" top: "conv/1" convolution_param {
  num_output: 4 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "gaussian" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv/1" top: "conv/1" }
layer { name: "scale" type: "Scale" bottom: "conv/1" top: "conv/1" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv/1" top: "conv/1" }
layer { name: "pool" type: "Pooling" bottom: "conv/1" top: "pool" pooling_param {
  kernel_size: 3 stride: 2 } }
layer { name: "forward" type: "InnerProduct" bottom: "pool" top: "lambda" inner_product_param {
  num_output: 5 weight_filler { type: "gaussian" } } }
layer { name: "prob" type: "Softmax" bottom: "lambda" top: "prob" }
"""  # noqa: E501

MODULE = '''"""small-net 2, as a PyTorch module. Written by `caffepy convert`.

    net = SmallNet2()
    net.load_state_dict(torch.load("small.pt"))
    net.eval()

Inputs: data 2 x 3 x 9 x 9. Outputs: prob.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Scale(nn.Module):
    """y = x * weight + bias, each of a shape that spreads over x."""

    def __init__(self, *shape, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x):
        return x * self.weight if self.bias is None else torch.addcmul(self.bias, x, self.weight)


class SmallNet2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4, affine=False)
        self.scale = Scale(4, 1, 1, bias=True)
        self.forward_2 = nn.Linear(64, 5)

    def forward(self, data):
        conv_1 = self.conv_1(data)
        conv_1 = self.bn(conv_1)
        conv_1 = self.scale(conv_1)
        conv_1 = F.relu(conv_1)
        pool = F.max_pool2d(conv_1, 3, 2, ceil_mode=True)
        lambda_2 = self.forward_2(pool.flatten(1))
        prob = F.softmax(lambda_2, 1)
        return prob
'''


def build(words: str) -> Net:
    """The TEST net, its parameters such that nothing is lost in them."""
    spec = caffe_pb2.NetParameter()
    text.parse(words, spec)
    net = Net(spec, caffe_pb2.TEST, context=Context(seed=1701, engines=("reference",)))
    rng = np.random.default_rng(3)
    for blobs in net.params.values():
        for blob in blobs:
            blob.data[...] = rng.uniform(0.2, 1, blob.shape) * (-1) ** rng.integers(0, 2) \
                if blob.ndim > 1 else rng.uniform(0.5, 1.5, blob.shape)
    return net


def run(folder: Path, module: str, state: str, *inputs: np.ndarray) -> list[np.ndarray]:
    """What the files give, as their first lines say how to use them."""
    names: dict = {}
    exec((folder / module).read_text(), names)
    net = names["SmallNet2"]()
    net.load_state_dict(torch.load(folder / state))
    net.eval()
    with torch.no_grad():
        return [net(*map(torch.from_numpy, inputs)).numpy()]


def test_the_module_reads_as_a_person_would_write_it(tmp_path):
    net = build(SMALL)
    told = writer("small.py")(net, tmp_path / "small.py", Options())
    assert (tmp_path / "small.py").read_text() == MODULE
    assert told[0].startswith(f"PyTorch {torch.__version__} gives the same: largest difference ")
    data = np.random.default_rng(5).normal(size=(3, 3, 9, 9)).astype(np.float32)
    net.blobs["data"].reshape(*data.shape)  # another batch than was written
    net.blobs["data"].data[...] = data
    net.forward()
    (prob,) = run(tmp_path, "small.py", "small.pt", data)
    np.testing.assert_allclose(prob, net.blobs["prob"].data, rtol=1e-4, atol=1e-6)


def test_the_state_dict_alone(tmp_path):
    writer("small.pt")(build(SMALL), tmp_path / "small.pt", Options())
    state = torch.load(tmp_path / "small.pt")
    assert list(state) == ["conv_1.weight", "bn.running_mean", "bn.running_var",
                           "bn.num_batches_tracked", "scale.weight", "scale.bias",
                           "forward_2.weight", "forward_2.bias"]
    assert not (tmp_path / "small.py").exists()


def test_without_pytorch_the_module_is_written_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(pytorch, "_torch", lambda: None)
    told = writer("small.py")(build(SMALL), tmp_path / "small.py", Options())
    assert "There is no PyTorch here" in told[0] and not (tmp_path / "small.pt").exists()
    assert (tmp_path / "small.py").read_text() == MODULE
    with pytest.raises(ConfigError, match="pip install torch"):
        writer("small.pt")(build(SMALL), tmp_path / "small.pt", Options())


def test_a_module_that_gives_other_numbers_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("caffepy.exchange.weights.lines.pooling.call", lambda function, x, *_:
                        f"F.avg_pool2d({x}, 3, 2, ceil_mode=True)")
    with pytest.raises(NumericError, match="layer 'pool'"):
        writer("small.py")(build(SMALL), tmp_path / "small.py", Options())
    assert not (tmp_path / "small.py").exists()


def test_layers_without_a_line_are_named_all_at_once():
    net = build("""
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 6 dim: 6 } } }
layer { name: "a" type: "Pooling" bottom: "x" top: "a" pooling_param { pool: STOCHASTIC
  kernel_size: 2 } }
layer { name: "b" type: "SPP" bottom: "a" top: "b" spp_param { pyramid_height: 2 } }
layer { name: "c" type: "ReLU" bottom: "b" top: "c" }
""")
    with pytest.raises(ConfigError) as caught:
        written(net, "net.pt")
    assert str(caught.value).splitlines()[1:] == [
        "    a (Pooling): stochastic pooling", "    b (SPP): PyTorch has nothing that is the same"]


# -- every recorded case of a layer --------------------------------------------------------------

LOSSES = {"Accuracy", "ContrastiveLoss", "EuclideanLoss", "HingeLoss", "InfogainLoss",
          "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss", "SoftmaxWithLoss"}
NO_LINE = LOSSES | {"BatchReindex", "Filter", "Im2col", "LSTM", "RNN", "SPP"}
FOR_SOME_SETTINGS = {"ArgMax", "Convolution", "Pooling"}


def recorded(name: str) -> tuple[Net, dict[str, np.ndarray]]:
    """The recorded net, in TEST, with the parameters of the record; and its inputs there."""
    with np.load(REFERENCE / "layers" / f"{name}.npz") as file:
        case = dict(file)
    spec = caffe_pb2.NetParameter()
    text.parse(str(case["prototxt"]), spec)
    net = Net(spec, caffe_pb2.TEST, context=Context(seed=1701))
    for key, value in case.items():
        kind, owner, *index = [*key.split("/"), ""][:3]
        if kind == "param" and index[0]:
            net.params[owner][int(index[0])].data[...] = value
    return net, {key: case[f"bottom/{key}"] for key in net.input_names if f"bottom/{key}" in case}


@pytest.mark.parametrize("name", case_names())
def test_recorded_case(name, tmp_path, monkeypatch):
    """The module gives what the net gives, or the layers without a line are of the types above."""
    try:
        net, inputs = recorded(name)
    except CaffeError:
        pytest.skip("a case of TRAIN alone")
    feed = checking.feed
    monkeypatch.setattr(checking, "feed", lambda net: {**feed(net), **inputs})
    try:
        told = writer("net.py")(net, tmp_path / "net.py", Options())
    except ConfigError as error:
        kinds = set(re.findall(r"^    \S+ \((\w+)\)", error.more, re.MULTILINE))
        assert kinds and kinds <= NO_LINE | FOR_SOME_SETTINGS, error
    else:
        assert "gives the same" in told[0]
        assert not NO_LINE.intersection(layer.type for layer in net.layers)
