"""Convolutions that read the parts of a concatenation one after the other, in nets for use."""

import numpy as np
import pytest
from core.test_taped import conv, layer
from numpy.testing import assert_allclose
from support import ENGINES

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

TEST = caffe_pb2.TEST
INPUTS = "".join(f'layer {{ name: "{n}" type: "Input" top: "{n}" input_param {{ shape {{ dim: 2 '
                 f"dim: {c} dim: 9 dim: 8 }} }} }}\n" for n, c in (("a", 16), ("b", 32), ("c", 17)))
JOINED = INPUTS + layer("cat", "Concat", "a b c")
POOL = layer("pool", "Pooling", "cat", body="pooling_param { pool: %s kernel_size: 3 stride: 2 }")
NORMALIZED = (layer("bn", "BatchNorm", "y", "y", "batch_norm_param { eps: 0.1 }")
              + layer("scale", "Scale", "y", "y", "scale_param { bias_term: true }"))
RELU = layer("relu", "ReLU", "y", "y")
NETS = {
    "plain": JOINED + conv("y", "cat", 24, 1),
    "ReLU": JOINED + conv("y", "cat", 24, 1) + RELU,
    "3 x 3": JOINED + conv("y", "cat", 64, 3, 1, 1) + RELU,
    "no bias": JOINED + conv("y", "cat", 24, 3, 2).replace(
        "num_output", "bias_term: false num_output") + RELU,
    "maximum": JOINED + POOL % "MAX" + conv("y", "pool", 24, 1) + RELU,
    "mean": JOINED + POOL % "AVE" + conv("y", "pool", 24, 1) + RELU,
    "normalized": JOINED + conv("y", "cat", 24, 1) + NORMALIZED + RELU,
}


def build(prototxt, optimize, engine):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return Net(param, TEST, optimize=optimize, context=Context(seed=7, engines=(engine,)))


def outputs(net, seed=1, shape=(2, 9, 8)):
    for name in net.input_names:
        blob = net.blobs[name]
        blob.reshape(shape[0], blob.shape[1], *shape[1:])
        blob.data[...] = np.random.default_rng(seed).normal(size=blob.shape)
    net.forward()
    return net.outputs()[0][1].copy()


def parts_of(net):
    return [f for f in net.executor.fused.values() if type(f).__name__ == "Parted"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NETS)
def test_it_gives_what_the_layers_give(name, engine):
    nets = [build(NETS[name], optimize, engine) for optimize in (False, True)]
    assert len(parts_of(nets[1])) == (engine == "onednn") and not parts_of(nets[0])
    for seed, shape in enumerate([(2, 9, 8), (2, 9, 8), (3, 5, 7), (2, 9, 8), (2, 9, 8)]):
        for net in nets:
            if seed == 4:  # the copies of the weights must be made anew
                net.params["y"][0].data[...] *= 0.5
                net.params["y"][-1].data[...] += 0.5
        one, other = (outputs(net, seed, shape) for net in nets)
        assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prototxt", [
    JOINED + conv("y", "cat", 24, 1) + conv("z", "cat", 24, 1),  # somebody else reads it
    JOINED + conv("y", "cat", 80, 1),  # more would be written than is copied
    JOINED + conv("y", "cat", 25, 1).replace("num_output", "group: 5 num_output"),
    JOINED.replace("dim: 16", "dim: 15") + conv("y", "cat", 24, 1),
    INPUTS.replace("dim: 17", "dim: 16").replace("dim: 32", "dim: 16") + layer(
        "cat", "Concat", "a b c", body="concat_param { axis: 2 }") + conv("y", "cat", 8, 1),
    JOINED + layer("y", "ReLU", "cat"),
], ids=range(6))
def test_where_the_concatenation_is_made(prototxt):
    assert not parts_of(build(prototxt, True, "onednn"))


def test_training_reads_the_concatenation_again():
    param = caffe_pb2.NetParameter()
    text.parse(NETS["plain"], param)
    assert not parts_of(Net(param, caffe_pb2.TRAIN, optimize=True))
