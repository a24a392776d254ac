"""What a net needs on a device, and the batch that would fit. The device is a stand-in here."""

from __future__ import annotations

import contextlib
import logging
from types import SimpleNamespace

import pytest

from caffepy.core import footprint
from caffepy.core.footprint import Footprint
from caffepy.core.net import Net
from caffepy.errors import DeviceError
from caffepy.proto import caffe_pb2, text

NET = """
    name: "small"
    layer { name: "in" type: "Input" top: "data" top: "label"
            input_param { shape { dim: 12 dim: 4 } shape { dim: 12 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
            inner_product_param { num_output: 3 } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
FIXED = 4 * 2 * (4 * 3 + 3)                     # weights, bias and their gradients
BLOBS = 4 * (12 * 4 + 12 + 12 * 3 * 2 + 1)      # data, label, ip with its gradient, loss


def net(phase: int = caffe_pb2.TRAIN) -> Net:
    param = caffe_pb2.NetParameter()
    text.parse(NET, param)
    return Net(param, phase)


def put_on_device(net: Net, free: int, held: int = 0) -> None:
    """Let the net believe that it is on a GPU with that much memory free, and held in its pool."""
    xp = SimpleNamespace(
        cuda=SimpleNamespace(runtime=SimpleNamespace(memGetInfo=lambda: (free, 2**40))),
        get_default_memory_pool=lambda: SimpleNamespace(free_bytes=lambda: held))
    net.context.accelerator = SimpleNamespace(
        index=3, xp=xp, computing=contextlib.nullcontext, check=lambda: None)


def test_what_a_net_needs() -> None:
    found = footprint.of(net(), histories=2)
    assert found.fixed == FIXED + 2 * 4 * 15
    assert found.batch == 12
    # splits share memory, so none is counted twice
    assert found.blobs == BLOBS
    assert found.total == found.fixed + found.blobs


def test_a_batch_divides_the_present_one() -> None:
    need = Footprint(fixed=100, blobs=1200, batch=12)

    def fits(room: float) -> int:
        return need.batch_for(int(room / (1 - footprint.MARGIN)) + 1)

    assert fits(1300) == 12
    assert fits(1299 - 2) == 6
    assert fits(600) == 4
    assert fits(200) == 1
    assert fits(150) == 0


@pytest.mark.parametrize(("free", "words"), [
    (FIXED + BLOBS // 2 + 200, "A batch of 6 fits; with 2 times the iter_size the training stays"),
    (FIXED, "Not even a batch of 1 fits"),
    (10**6, "It should fit: other processes"),
])
def test_running_out_names_layer_need_and_what_fits(free: int, words: str) -> None:
    small = net()
    put_on_device(small, free=free - 64, held=64)

    def forward(bottom, top) -> None:
        raise MemoryError("Out of memory allocating 512 bytes")

    small.layer("ip").forward = forward
    with pytest.raises(DeviceError) as caught:
        small.forward()
    message = str(caught.value)
    assert message.startswith("layer 'ip' (InnerProduct): not enough memory (Out of memory alloc")
    assert "The net needs about 0.0 MiB at a batch of 12; GPU 3 has" in message
    assert words in message


def test_a_net_on_the_cpu_gets_no_advice() -> None:
    assert footprint.advice(net()) is None


def test_the_report_before_training(caplog) -> None:
    caplog.set_level(logging.INFO, "caffepy")
    first, test = net(), net(caffe_pb2.TEST)
    footprint.report([first, test], 1)
    assert "Memory on GPU" not in caplog.text       # the CPU's memory is the system's business
    put_on_device(first, free=2**30)
    footprint.report([first, test], 1)
    assert ("Memory on GPU 3: about 0.0 MiB needed (parameters, gradients and history 0.0 MiB; "
            "blobs at a batch of 12 0.0 MiB; test nets 0.0 MiB), 1.0 GiB there") in caplog.text
    assert "too much" not in caplog.text
    put_on_device(first, free=FIXED + BLOBS)
    footprint.report([first, test], 1)
    assert "This may be too much. " in caplog.text
