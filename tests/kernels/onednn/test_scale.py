"""Scale on oneDNN against the reference kernel."""

import numpy as np
import pytest
from kernels.onednn.pairs import ORDERS, blanks, normal, onednn, plans, same, twins

from caffepy.core.memory import Place
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.operations.scale import ScaleSpec


@pytest.mark.parametrize("order", ORDERS, ids=["C order", "channels-last"])
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(4, 20, 5, 3), (2, 3, 6, 6), (3, 64, 1, 1)], ids=str)
def test_scale(shape, bias, inplace, order):
    line = (shape[1],)
    kernels = plans(ScaleSpec(shape, 1, 2, bias, inplace))
    x, dy, s = twins(normal(shape), order), twins(normal(shape, 1), order), twins(normal(line, 2))
    b = twins(normal(line, 3)) if bias else (None, None)
    y, dx, ds, db = blanks(shape), blanks(shape), twins(normal(line, 4)), twins(normal(line, 5))
    for i, kernel in enumerate(kernels):
        target = x[i] if inplace else y[i]
        kernel.forward(x[i], s[i], b[i], target)
        if inplace:  # a layer that follows in place
            target.write(Place.HOST_LAST)[...] *= 7
        kernel.backward(x[i], s[i], dy[i], dx[i], ds[i], db[i] if bias else None)
    for pair in (x if inplace else y, dx, ds, db):
        same(pair)
    for i, kernel in enumerate(kernels):  # gradients known to be zero are overwritten
        ds[i].zero()
        kernel.backward(x[i], s[i], dy[i], None, ds[i], None)
        kernel.backward(x[i], s[i], dy[i], dy[i], None, None)
    same(ds)
    same(dy)


@pytest.mark.parametrize("spec", [
    ScaleSpec((4, 20), 1, 2), ScaleSpec((2, 3, 4, 5), 0, 2), ScaleSpec((2, 3, 4, 5), 2, 3),
    ScaleSpec((2, 3, 4, 5), 1, 2, dtype="float64"),
])
def test_other_axes_are_left_to_the_reference_kernel(spec):
    with pytest.raises(Unsupported):
        onednn().plan(spec)


def test_it_is_exact_where_nothing_is_to_round():
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    kernel, _ = plans(ScaleSpec(x.shape, 1, 2, True))
    tensors = [twins(v)[0] for v in (x, np.float32([1, 2, 0]), np.float32([5, 0, -1]), x)]
    kernel.forward(*tensors)
    expected = x * np.float32([1, 2, 0]).reshape(1, 3, 1, 1) + np.float32([5, 0, -1]).reshape(
        1, 3, 1, 1)
    assert (tensors[3].read(Place.HOST) == expected).all()
