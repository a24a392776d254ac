"""A net on a GPU that is not the thread's current one, as after ``set_device(1)``."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2

NET = """name: "n"
layer { name: "in" type: "Input" top: "x" top: "y"
        input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param {
        num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param {
        num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }
layer { name: "silence" type: "Power" bottom: "conv" top: "out" }
"""


@pytest.fixture
def second(fake_gpu, monkeypatch):
    """The number of a second fake GPU."""
    from fake_cuda import devices

    monkeypatch.setattr(devices, "properties", devices.properties * 2)
    return 1


def run(device, precision=None):
    """All that a script sees of a step: values, gradients, outputs, kept views."""
    param = text_format.Parse(NET, caffe_pb2.NetParameter())
    net = Net(param, caffe_pb2.TRAIN, context=Context(device, seed=1, precision=precision))
    kept = net.blobs["conv"].data
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 6))
    net.blobs["x"].data[...], net.blobs["y"].data[...] = x, [1, 3]
    loss = net.forward()
    net.backward()
    outputs = {name: values.copy() for name, values, _ in net.outputs()}
    return [loss, kept.copy(), net.blobs["conv"].diff.copy(), outputs["out"],
            *(p.blob.diff.copy() for p in net.parameters)]


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_it_computes_what_the_cpu_does(second, monkeypatch, layout, precision):
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", layout)
    bound = {"rtol": 1e-4, "atol": 1e-5} if precision == "float32" else {"rtol": 0.02, "atol": 5e-3}
    for ours, expected in zip(run(second, precision), run("cpu"), strict=True):
        assert_allclose(ours, expected, **bound)


def test_its_addresses_are_given_out_when_work_is_done(second):
    import fake_cuda

    param = text_format.Parse(NET, caffe_pb2.NetParameter())
    net = Net(param, caffe_pb2.TRAIN, context=Context(second, seed=1))
    fake_cuda.streams.counts.reset()
    address = net.blobs["conv"]._gpu_data_ptr  # zeros, which are made only now
    assert address and fake_cuda.streams.counts.stray == 0
    assert fake_cuda.streams.counts.syncs == 1
    assert not net.blobs["conv"].data.any()
