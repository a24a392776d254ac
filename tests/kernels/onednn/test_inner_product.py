"""Inner product on oneDNN's sgemm against the reference kernel."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.onednn.pairs import ORDERS, blanks, empty, normal, plans, same, tensor, twins

from caffepy.core.memory import Place
from caffepy.kernels.onednn import inner_product
from caffepy.kernels.operations.inner_product import InnerProductSpec


@pytest.mark.parametrize("order", ORDERS, ids=["C order", "channels-last"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("x, n", [((64, 50, 4, 4), 20), ((3, 10, 1, 1), 1), ((1, 1, 2, 2), 7)],
                         ids=str)
def test_all_directions_equal_the_reference(x, n, transpose, bias, order):
    compare(x, n, transpose, bias, order)


@pytest.mark.parametrize("bias", [True, False])
def test_many_weights_for_a_small_batch(bias, monkeypatch):
    """The transpose of y is computed."""
    monkeypatch.setattr(inner_product, "MANY_WEIGHTS", 400)
    for transpose, turned in ((False, True), (True, False)):
        kernel = compare((10, 30, 1, 2), 20, transpose, bias, Place.HOST)
        assert kernel.turned == turned


def compare(x, n, transpose, bias, order):
    m, k = x[0], int(np.prod(x[1:]))
    ours, theirs = plans(InnerProductSpec(m, k, n, transpose, bias))
    shape = (k, n) if transpose else (n, k)
    xs, ws, dys = twins(normal(x), order), twins(normal(shape, 1)), twins(normal((m, n), 2))
    bs = twins(normal((n,), 3)) if bias else (None, None)
    y, dx, dw, db = blanks((m, n)), blanks(x), (empty(shape), empty(shape)), (
        empty((n,)), empty((n,)))
    for i, kernel in enumerate((ours, theirs)):
        kernel.forward(xs[i], ws[i], bs[i], y[i])
        kernel.backward_data(dys[i], ws[i], dx[i])
        for _ in range(2):
            kernel.backward_weights(xs[i], dys[i], dw[i], db[i] if bias else None)
    for pair in (y, dx, dw) + ((db,) if bias else ()):
        same(pair)
    return ours


def test_more_axes_on_the_output_side():
    """axis: 2 gives a top of three axes."""
    ours, theirs = plans(InnerProductSpec(6, 5, 4))
    x, w, b, dy = (twins(normal(s)) for s in ((2, 3, 5), (4, 5), (4,), (2, 3, 4)))
    y, db = blanks((2, 3, 4)), (empty((4,)), empty((4,)))
    for i, kernel in enumerate((ours, theirs)):
        kernel.forward(x[i], w[i], b[i], y[i])
        kernel.backward_weights(x[i], dy[i], None, db[i])
    same(y)
    same(db)


def test_moved_memory_is_noticed():
    kernel, _ = plans(InnerProductSpec(2, 3, 4))
    w, b = tensor(normal((4, 3))), tensor(np.zeros(4, np.float32))
    results = []
    for seed in (1, 2):
        y = empty((2, 4))
        kernel.forward(tensor(normal((2, 3), seed)), w, b, y)
        results.append(y.read(Place.HOST))
        expected = normal((2, 3), seed) @ normal((4, 3)).T
        np.testing.assert_allclose(results[-1], expected, rtol=1e-4)
