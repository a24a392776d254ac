"""Pictures on the GPU: the numbers are the CPU's to the bit, and no stream overtakes another."""

from __future__ import annotations

from itertools import product

import fake_cuda
import numpy as np
import pytest
from kernels.cuda.sides import REAL, Side, both
from numpy.testing import assert_array_equal

from caffepy.core.memory import Place
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.operations.transform import TransformSpec

DRAW = np.random.default_rng(7)
SHAPE = (3, 3, 7, 9)
MEANS = [(), (1, 1, 1), (3, 1, 1), (3, 7, 9)]


def pictures(shape=SHAPE, interleaved=False):
    n, c, h, w = shape
    if interleaved:
        return DRAW.integers(0, 256, (n, h, w, c), np.uint8).transpose(0, 3, 1, 2)
    return DRAW.integers(0, 256, shape, np.uint8)


def run(side, x, cuts, mean, size, scale):
    spec = TransformSpec(x.shape, (*x.shape[:2], *size), () if mean is None else mean.shape, scale)
    kernel = side.engine.plan(spec)
    y = side.empty(spec.y)
    kernel.forward(kernel.begin(x, cuts), mean if mean is None else side.tensor(mean), y)
    return y


@pytest.mark.parametrize("last", ["nchw", "nhwc"])
@pytest.mark.parametrize("interleaved, shape", [*product([False, True], MEANS)])
def test_the_same_as_on_the_cpu(gpu, monkeypatch, last, interleaved, shape):
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", last)
    x = pictures(interleaved=interleaved)
    cuts = np.array([[0, 0, 0], [2, 3, 1], [1, 4, 1]], np.int32)
    mean = DRAW.standard_normal(shape).astype(np.float32) * 50 if shape else None
    both(lambda side: [run(side, x, cuts, mean, (5, 5), 0.0078125 / 3)], rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (2, 1, 3, 300), (40, 3, 33, 2), (2, 5, 1, 1)])
def test_other_sizes_whole(gpu, shape):
    x, cuts = pictures(shape), np.zeros((shape[0], 3), np.int32)
    cuts[::2, 2] = 1
    both(lambda side: [run(side, x, cuts, None, shape[2:], 1.0)], rtol=0, atol=0)


@pytest.mark.skipif(REAL, reason="a real device has its own will")
@pytest.mark.parametrize("late", [(), ("copies",), ("work",), ("copies", "work")])
def test_streams_wait_for_each_other(gpu, late):
    """Whichever runs late: the copies, or what uses them."""
    side = Side(CudaEngine(0))
    shape = (2, 1, 4, 4)
    kernel = side.engine.plan(TransformSpec(shape, shape))
    device, cuts = side.engine.device, np.zeros((2, 3), np.int32)
    for name, stream in (("copies", kernel.stream), ("work", device.stream)):
        if name in late:
            fake_cuda.streams.late[stream.ptr] = fake_cuda.streams.deque()
    batches = [pictures(shape) for _ in range(7)]
    results = [side.empty(shape) for _ in batches]
    with device.computing():
        ahead = kernel.begin(batches[0], cuts)
        for i, result in enumerate(results):
            syncs = fake_cuda.counts.syncs
            kernel.forward(ahead, None, result)
            assert fake_cuda.counts.syncs == syncs, "the host waits for nothing"
            if i + 1 < len(batches):
                ahead = kernel.begin(batches[i + 1], cuts)
        for batch, result in zip(batches, results, strict=True):
            assert_array_equal(result.read(Place.HOST), batch)


@pytest.mark.skipif(REAL, reason="a real device has its own will")
def test_a_batch_is_released_when_it_has_gone_up(gpu):
    side = Side(CudaEngine(0))
    shape = (2, 1, 4, 4)
    kernel = side.engine.plan(TransformSpec(shape, shape))
    fake_cuda.streams.late[kernel.stream.ptr] = fake_cuda.streams.deque()
    given = pictures(shape)
    batch, result = given.copy(), side.empty(shape)
    with side.engine.device.computing():
        begun = kernel.begin(batch, np.zeros((2, 3), np.int32))
        kernel.release(begun)
        batch[...] = 0
        kernel.forward(begun, None, result)
        assert_array_equal(result.read(Place.HOST), given)
