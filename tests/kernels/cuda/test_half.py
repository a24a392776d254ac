"""Convolution and inner product in half precision: parameters and their gradients stay float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fake_cuda.halves import EPSILON, STORED, decoded, encoded, rounded
from kernels.cuda.pairs import Pairs, normal
from kernels.cuda.sides import REAL
from kernels.cuda.test_convolution import CASES, SMALL, fake
from numpy.testing import assert_allclose

from caffepy.core.memory import Place, Tensor
from caffepy.core.place import HALVES
from caffepy.kernels.cuda import cudnn
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec

pytestmark = pytest.mark.parametrize("dtype", HALVES)


@pytest.fixture
def pairs(gpu) -> Pairs:
    return Pairs()


def both_ways(pairs: Pairs, spec, dtype: str, x: Sequence[int], w: Sequence[int],
              y: Sequence[int], n: int, bias: bool) -> None:
    """All directions against the reference kernel, for inputs that the format can hold.

    Then a result is off by its own rounding, of half an epsilon, and a sum in float32 of two such
    gradients by as much of each.
    """
    def twins(shape: Sequence[int], seed: int):
        return pairs.twins(rounded(normal(shape, seed), dtype))

    xs, dys, ws = twins(x, 1), twins(y, 2), twins(w, 3)
    bs = twins((n,), 4) if bias else (None, None)
    ys, dxs = pairs.blanks(y), pairs.blanks(x)
    dws, dbs = pairs.empty(w), pairs.empty((n,))

    def work(kernel, i: int) -> None:
        kernel.forward(xs[i], ws[i], bs[i], ys[i])
        kernel.backward_data(dys[i], ws[i], dxs[i])
        for _ in range(2):
            kernel.backward_weights(xs[i], dys[i], dws[i], dbs[i] if bias else None)

    plans = pairs.engine.plan(replace(spec, dtype=dtype)), pairs.reference.plan(spec)
    pairs.both(plans, work)
    place = Place.DEVICE.holding(dtype)
    for pair, half in ((ys, True), (dxs, True), (dws, False), *([(dbs, False)] if bias else [])):
        assert {p.half for p in pair[0].memory.state.valid} == {place.half if half else None}
        exact = pair is dbs or (pair is dws and isinstance(spec, InnerProductSpec))
        close(pairs, pair, EPSILON["float32"] * 8 if exact else EPSILON[dtype] * 1.01)
    if bias and isinstance(spec, ConvolutionSpec):
        assert bs[0].memory.state.valid == {Place.DEVICE}, "a bias is added in float32"
    if bias:
        assert Place.DEVICE in ws[0].memory.state.valid and Place.DEVICE in bs[0].memory.state.valid


def close(pairs: Pairs, pair: tuple[Tensor, Tensor], epsilon: float) -> None:
    with pairs.device.computing():
        ours = pair[0].read(Place.HOST)
    wanted = pair[1].read(Place.HOST)
    # sums of numbers of both signs are rounded at the size of what they are made of
    epsilon *= 8 if REAL else 1  # its sums go other ways, some of them in half precision
    assert_allclose(ours, wanted, epsilon, epsilon * max(1.0, float(np.abs(wanted).max())))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("name", CASES)
def test_convolutions_equal_the_reference(pairs, name, layout, dtype):
    spec = CASES[name]
    if layout == "nchw":
        pairs.engine.settings = replace(pairs.engine.settings, layout=layout)
    elif len(spec.x) != 4:
        layout = "nchw"
    both_ways(pairs, spec, dtype, spec.x, spec.w, spec.y, spec.w[0], spec.bias)
    if REAL:
        return
    runs = fake(pairs).runs
    assert {last for *_, last in runs if spec.x[2:] != (1, 1)} <= {layout == "nhwc"}
    assert {math for _, _, math, _ in runs} == {cudnn.TENSOR_OP_MATH}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize(("m", "k", "n"), [(5, 12, 7), (1, 8, 3), (4, 1, 6), (3, 5, 1)])
def test_inner_products_equal_the_reference(pairs, m, k, n, transpose, bias, dtype):
    spec = InnerProductSpec(m, k, n, transpose, bias)
    both_ways(pairs, spec, dtype, (m, k), (k, n) if transpose else (n, k), (m, n), n, bias)


def test_weights_are_rounded_once_an_update(pairs, dtype):
    spec = replace(SMALL, dtype=dtype, bias=False)
    kernel = pairs.engine.plan(spec)
    (x, _), (w, _), (y, _) = (pairs.twins(normal(shape)) for shape in (spec.x, spec.w, spec.y))
    master, dx = w.read(Place.HOST).copy(), pairs.empty(spec.x)[0]
    with pairs.device.computing():
        for _ in range(3):
            kernel.forward(x, w, None, y)
            kernel.backward_data(y, w, dx)
        assert pairs.mover.conversions == 2  # x, and w once; y and dx stay in half precision
        w.write(Place.DEVICE)
        kernel.forward(x, w, None, y)
        assert pairs.mover.conversions == 3
    assert np.array_equal(w.read(Place.HOST), master)


def test_without_tf32_half_precision_still_asks_for_tensor_cores(pairs, dtype):
    pairs.engine.settings = replace(pairs.engine.settings, tf32=False)
    spec = replace(SMALL, dtype=dtype, bias=False)
    kernel = pairs.engine.plan(spec)
    (x, _), (w, _), (y, _) = (pairs.twins(normal(shape)) for shape in (spec.x, spec.w, spec.y))
    with pairs.device.computing():
        kernel.forward(x, w, None, y)
    assert {(math, last) for _, _, math, last in fake(pairs).runs} == {(cudnn.TENSOR_OP_MATH, True)}
    assert dtype in kernel.detail


def test_the_last_pack_is_cut_off(gpu, dtype):
    """Beyond the end other numbers may lie."""
    device, stored = Device(0), STORED[dtype]
    for count in range(1, 10):
        with device.computing():
            y = device.xp.asarray(encoded(np.full(12, 9, np.float32), dtype))
            x = device.xp.asarray(encoded(np.arange(1, 13, dtype=np.float32), dtype))
            assert x.dtype == stored
            device.launch("eltwise.scaled", count, x, 2.0, y, dtype=dtype, packed=True)
            found = decoded(y.get(), dtype)
        wanted = np.where(np.arange(12) < count, 2 * np.arange(1, 13), 9)
        assert np.array_equal(found, wanted)


def test_the_bias_of_a_deconvolution_stays_float32(pairs, dtype):
    spec = replace(SMALL, bias=False)
    kernel = pairs.engine.plan(replace(spec, dtype=dtype))
    reference = pairs.reference.plan(spec)
    x, b = pairs.twins(rounded(normal(spec.x, 1), dtype)), pairs.twins(normal(spec.x[1:2], 2))
    db = pairs.empty(spec.x[1:2])

    def work(each, i: int) -> None:
        for _ in range(2):
            each.add_bias_gradient(x[i], db[i])
        each.add_bias(x[i], b[i])

    pairs.both((kernel, reference), work)
    close(pairs, db, EPSILON["float32"] * 8)
    close(pairs, x, EPSILON[dtype] * 0.51)
    assert x[0].memory.state.valid == {Place.HOST, Place.DEVICE, Place.DEVICE.holding(dtype)}
    assert b[0].memory.state.valid == {Place.DEVICE}
