"""The fake device refuses what CuPy and CUDA refuse: tests that run on it would miss it else."""

from __future__ import annotations

import fake_cuda
import numpy as np
import pytest

SOURCE = r"""
extern "C" __global__ void add_one(int n, float* x) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        x[i] += 1;
}

// the sum of a block's 64 numbers, by way of shared memory and shuffles
extern "C" __global__ void total(const float* x, float* y) {
    __shared__ float halves[2];
    float v = x[threadIdx.x];
    for (int mask = 16; mask; mask /= 2) v += __shfl_xor_sync(0xffffffff, v, mask);
    if (threadIdx.x % 32 == 0) halves[threadIdx.x / 32] = v;
    __syncthreads();
    if (threadIdx.x == 0) y[0] = halves[0] + halves[1];
}

// forgets the barrier
extern "C" __global__ void racing(const float* x, float* y) {
    __shared__ float copy[64];
    copy[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = copy[63 - threadIdx.x];
}

extern "C" __global__ void diverging(float* x) {
    if (threadIdx.x < 7) __syncthreads();
    x[0] = 1;
}
"""


@pytest.fixture
def kernels(fake_gpu):
    return fake_gpu.RawModule(code=SOURCE)


@pytest.mark.parametrize("refused", [
    lambda cp, a: a + np.ones(3),
    lambda cp, a: np.ones(3) + a,
    lambda cp, a: cp.maximum(a, np.zeros(3)),
    lambda cp, a: a.__setitem__(0, np.ones(3)),
    lambda cp, a: cp.copyto(a, np.ones(3)),
    lambda cp, a: np.asarray(a),
    lambda cp, a: cp.concatenate([a, np.ones(3)]),
])
def test_numpy_arrays_do_not_mix(fake_gpu, refused):
    with pytest.raises((TypeError, ValueError)):
        refused(fake_gpu, fake_gpu.zeros(3))


def test_what_cupy_lacks_is_missing(fake_gpu):
    with pytest.raises(AttributeError):
        _ = fake_gpu.errstate


def test_numpys_functions_come_back_to_the_device(fake_gpu):
    a = fake_gpu.arange(3)
    assert isinstance(np.exp(a), fake_gpu.ndarray)
    assert isinstance(np.float32(2) * a, fake_gpu.ndarray)
    assert isinstance(np.concatenate([a, a]), fake_gpu.ndarray)


def test_reading_a_number_waits_for_the_device(fake_gpu):
    a = fake_gpu.arange(3)
    before = fake_cuda.counts.syncs
    assert (a.sum() * 2).shape == ()
    assert fake_cuda.counts.syncs == before
    assert float(a.sum()) == 3
    assert a[a > 0].shape == (2,)
    assert fake_cuda.counts.syncs == before + 2


def test_a_capture_runs_nothing_until_it_is_launched(fake_gpu, kernels):
    a, b = fake_gpu.zeros(4, np.float32), fake_gpu.ones(4, np.float32)
    add_one = kernels.get_function("add_one")
    with fake_gpu.cuda.Stream(non_blocking=True) as stream:
        stream.begin_capture()
        c = a + b
        a += c
        add_one((1,), (32,), (np.int32(4), a))
        with pytest.raises(RuntimeError, match="capture"):
            float(a.sum())
        with pytest.raises(RuntimeError, match="capture"):
            fake_gpu.asarray(np.ones(4))
        with pytest.raises(RuntimeError, match="cuBLAS"):
            fake_gpu.matmul(a, b)
        graph = stream.end_capture()
        assert a.get().tolist() == [0] * 4
        graph.launch()
        assert a.get().tolist() == [2] * 4
        graph.launch()
        assert a.get().tolist() == [6] * 4


def test_work_on_another_stream_escapes_a_capture(fake_gpu):
    a = fake_gpu.zeros(4)
    stream, other = (fake_gpu.cuda.Stream(non_blocking=True) for _ in range(2))
    stream.begin_capture()
    with other, pytest.raises(RuntimeError, match="escapes"):
        a += 1
    fork = stream.record()
    other.wait_event(fork)
    with other:
        a += 1
    stream.end_capture().launch()
    assert a.get().tolist() == [1] * 4


def test_a_graph_writes_into_memory_that_was_freed(fake_gpu):
    a = fake_gpu.ones(4)
    with fake_gpu.cuda.Stream(non_blocking=True) as stream:
        stream.begin_capture()
        b = a * 5
        del b
        graph = stream.end_capture()
        other = fake_gpu.zeros(4)  # gets the room of b
        graph.launch()
    assert other.get().tolist() == [5] * 4


def test_threads_wait_for_each_other(fake_gpu, kernels, monkeypatch):
    x, y = fake_gpu.arange(64, dtype=np.float32), fake_gpu.zeros(1, np.float32)
    for backwards in (False, True):
        monkeypatch.setattr(fake_cuda.emulator, "reverse", backwards)
        kernels.get_function("total")((1,), (64,), (x, y))
        assert y.get() == 63 * 32


def test_a_missing_barrier_shows(fake_gpu, kernels):
    x, y = fake_gpu.arange(64, dtype=np.float32), fake_gpu.zeros(64, np.float32)
    kernels.get_function("racing")((1,), (64,), (x, y))
    assert np.isnan(y.get()).any()


@pytest.mark.parametrize(("name", "block", "args", "complaint"), [
    ("diverging", 64, ["x"], "diverges"),
    ("add_one", 32, [np.int32(4)], "takes 2 arguments"),
    ("add_one", 32, [4, "x"], "argument 0"),
    ("add_one", 32, [np.int32(4), "whole"], None),
    ("add_one", 32, [np.int32(4), "double"], "argument 1"),
    ("add_one", 32, ["x", "x"], "argument 0"),
    ("add_one", 2048, [np.int32(4), "x"], "INVALID_VALUE"),
])
def test_bad_launches_are_errors(fake_gpu, kernels, name, block, args, complaint):
    arrays = {"x": fake_gpu.zeros(4, np.float32), "double": fake_gpu.zeros(4),
              "whole": fake_gpu.zeros(4, np.int32)}
    given = tuple(arrays[a] if isinstance(a, str) else a for a in args)
    launch = kernels.get_function(name)
    if complaint is None:  # a pointer knows the size of its numbers, not their kind
        launch((1,), (block,), given)
        return
    with pytest.raises(RuntimeError, match=complaint):
        launch((1,), (block,), given)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_writing_beyond_an_array_is_an_error(fake_gpu, kernels):
    x = fake_gpu.zeros(128, np.float32)
    with pytest.raises(RuntimeError, match="beyond the end"):
        kernels.get_function("add_one")((1,), (32,), (np.int32(129), x))


def test_memory_runs_out(fake_gpu):
    fake_cuda.memory.heap.total = 2**20
    with pytest.raises(fake_gpu.cuda.memory.OutOfMemoryError):
        fake_gpu.empty(2**20, np.float32)
