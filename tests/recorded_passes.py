"""A net on a GPU whose passes are recorded, and its steps."""

import numpy as np
from numpy.testing import assert_array_equal

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST
INPUT = """
layer { name: "in" type: "Input" top: "x" top: "y"
        input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 } } }
"""
BODY = """
layer { name: "conv" type: "Convolution" bottom: "x" top: "a" convolution_param {
        num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
layer { name: "scale" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
layer { name: "pool" type: "Pooling" bottom: "a" top: "p"
        pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "lrn" type: "LRN" bottom: "p" top: "n" }
layer { name: "conv2" type: "Convolution" bottom: "n" top: "b" convolution_param {
        num_output: 4 kernel_size: 1 weight_filler { type: "msra" } } }
layer { name: "sum" type: "Eltwise" bottom: "n" bottom: "b" top: "s" }
layer { name: "drop" type: "Dropout" bottom: "s" top: "s" include { phase: TRAIN } }
layer { name: "ip" type: "InnerProduct" bottom: "s" top: "ip" inner_product_param {
        num_output: 5 weight_filler { type: "xavier" } } }
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }'
WARM = recorder.WARM_UP


def build(body=BODY, phase=TRAIN, loss=LOSS, **settings):
    spec = caffe_pb2.NetParameter()
    text.parse('name: "n" ' + INPUT + body + loss, spec)
    return Net(spec, phase, context=Context(0, seed=5, **settings))


def feed(net, seed):
    draw = np.random.default_rng(seed)
    for name, blob in zip(net.input_names, map(net.blob, net.input_names), strict=True):
        values = draw.standard_normal(blob.shape) if name == "x" else draw.integers(5, size=4)
        blob.data[...] = values


def step(net, seed, accumulate=False, layer_done=None):
    """Forward and backward on a batch; loss and all gradients."""
    feed(net, seed)
    loss = net.forward()
    if not accumulate:
        net.clear_param_diffs()
    net.launch_backward(layer_done=layer_done) if layer_done else net.backward()
    return [loss, *(p.blob.diff.copy() for p in net.parameters)]


def equal(ours, expected):
    for a, b in zip(ours, expected, strict=True):
        assert_array_equal(a, b)
        assert np.isfinite(a).all()
