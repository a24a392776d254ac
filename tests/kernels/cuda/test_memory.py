"""A device that is too small: what a user reads."""

from __future__ import annotations

import re

import pytest

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import DeviceError
from caffepy.proto import caffe_pb2, text

NET = """
    name: "large"
    layer { name: "in" type: "Input" top: "x"
            input_param { shape { dim: 64 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv" type: "Convolution" bottom: "x" top: "y"
            convolution_param { num_output: 64 kernel_size: 3
                                weight_filler { type: "xavier" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z"
            inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
"""


def test_running_out_names_the_layer_and_a_batch_that_fits(fake_gpu) -> None:
    from fake_cuda.memory import heap

    param = caffe_pb2.NetParameter()
    text.parse(NET, param)
    net = Net(param, caffe_pb2.TEST, context=Context(0, seed=1))
    net.blobs["x"].data[...] = 1
    heap.total = heap.used + 5 * 2**20      # the input takes 0.75 MiB, conv's output 14
    with pytest.raises(DeviceError) as caught:
        net.forward()
    message = str(caught.value)
    assert message.startswith("layer 'conv' (Convolution): not enough memory (Out of memory alloc")
    assert "The net needs about 15.7 MiB at a batch of 64; GPU 0 has 5.0 MiB for it" in message
    batch, times = map(int, re.search(
        r"A batch of (\d+) fits; with (\d+) times the iter_size", message).groups())
    assert (batch, times) == (8, 8)
    heap.total = 2**31
    param.layer[0].input_param.shape[0].dim[0] = batch
    smaller = Net(param, caffe_pb2.TEST, context=Context(0, seed=1))
    smaller.blobs["x"].data[...] = 1
    heap.total = heap.used + 5 * 2**20
    smaller.forward()
