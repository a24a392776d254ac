"""Caffe to ONNX to Caffe: the recorded cases of all layers, and models."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx_nets import CASES, built, filled, line, need_onnx, path_of, recorded
from support import SEED

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.proto import caffe_pb2

MODELS = ["lenet/lenet", "cifar10/cifar10_full", "cifar10/cifar10_full_sigmoid_bn",
          "mnist_siamese/deploy", "mnist_autoencoder/deploy", "squeezenet/deploy"]


@pytest.fixture(autouse=True)
def packages() -> None:
    need_onnx()


def trip(net: Net, folder: Path, bottoms: dict[str, np.ndarray]) -> None:
    """Out and in, and both nets on one input. Raises ConfigError if it does not come in; of one
    that does not go out tests of the way out say why."""
    from caffepy.exchange.into.reader import read
    from caffepy.exchange.out.writer import write

    try:
        write(net, folder / "net.onnx", Options(check=False))
    except ConfigError:
        return
    param, _ = read(folder / "net.onnx", Options(check=False))
    back = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    inputs = checking.feed(net) | bottoms
    for side in (net, back):
        for name, values in inputs.items():
            if name in side.blobs:  # of a bottom whose shape alone counts nothing is left
                side.blobs[name].data[...] = values
        side.forward()
    assert set(back.output_names) <= set(net.output_names)
    for name in back.output_names:
        difference = checking.apart(net.blobs[name].data, back.blobs[name].data)
        assert difference.relative <= 1e-4, f"{name}: {difference}"


# operations that no layer computes, and what becomes of such a layer on the way out
ONE_WAY = {
    "Scan": "recurrent layers, where sequences begin anywhere", "LSTM": "recurrent layers",
    "TopK": "ArgMax of several", "NonZero": "rows that numbers choose", "Mod": "a pooling's mask",
    "Where": "choices", "Less": "comparing", "NonMaxSuppression": "detections",
    "ScatterND": "places that numbers choose", "Gather": "places that numbers choose",
    "GridSample": "flows", "Floor": "coordinates", "Sign": "signs", "Cast": "whole numbers",
    "Einsum": "products of two values", "MatMul": "products of two values", "Not": "choices",
}


@pytest.mark.parametrize("name", CASES)
def test_recorded_case(name, tmp_path):
    net, bottoms, _ = recorded(name)
    try:
        trip(net, tmp_path, bottoms)
    except ConfigError as error:
        refused = set(re.findall(r"^    (\w+) '", error.more, re.MULTILINE))
        assert refused and refused.intersection(ONE_WAY), error


def test_what_was_done_to_pictures_comes_back(tmp_path):
    from caffepy.exchange.into.reader import read
    from caffepy.exchange.out.writer import write

    words = """picture_param { height: 5 width: 6 scale: 0.5 mean_value: 104 mean_value: 117
               mean_value: 123 label: "cat" label: "dog" }"""
    net = built(line('type: "ReLU"', (1, 3, 4, 4)) + words)
    write(net, tmp_path / "net.onnx", Options(check=False))
    param, told = read(tmp_path / "net.onnx", Options(check=False))
    assert param.picture_param == net.param.picture_param and param.picture_param.label[1] == "dog"
    assert told[0].startswith("Input: channels B, G, R (or gray), numbers from 0 to 255")


@pytest.mark.parametrize("name", MODELS)
def test_model(name, tmp_path):
    net = Net(path_of(f"{name}.prototxt"), caffe_pb2.TEST, context=Context(seed=SEED))
    trip(filled(net), tmp_path, {})
