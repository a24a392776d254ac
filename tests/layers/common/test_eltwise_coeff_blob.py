import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import CaffeError

XS = [random(4, 3, 2, seed=i) for i in range(2)]
ITEMS = random(2, 4, seed=5)
CHANNELS = random(2, 4, 3, seed=6)
LINE = 'type: "Eltwise" eltwise_param { coeff_blob: true %s }'


@pytest.mark.parametrize("c", [ITEMS, CHANNELS, random(2, 4, 3, 2, seed=7), random(2, seed=8)])
@pytest.mark.parametrize("words, coeff", [("", (1, 1)), ("coeff: 2 coeff: -0.5", (2, -0.5))])
def test_each_item_has_factors_of_its_own(words, coeff, c):
    y, = run(build(LINE % words, *XS, c), [*XS, c])
    spread = c.reshape(*c.shape, *[1] * (4 - c.ndim))
    expected = sum(k * factor * x for k, factor, x in zip(coeff, spread, XS, strict=True))
    assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    check_gradient(LINE % words, *XS, c, other_batch=False)  # the batch is not c's first axis


def test_coefficients_get_no_gradient():
    layer, bottom, top = build(LINE % "", *XS, ITEMS)
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    bottom[2].diff[...] = 7
    layer.backward(top, [True, False, True], bottom)
    assert not bottom[2].diff.any() and layer.labels == (2,)
    assert_allclose(bottom[0].diff, np.broadcast_to(ITEMS[0][:, None, None], XS[0].shape),
                    rtol=1e-6)


@pytest.mark.parametrize("words, c, message", [
    ("operation: MAX", ITEMS, "for sums only"), ("coeff: 1", ITEMS, "1 for 2 and the coeff"),
    ("", random(2, 3), "the last bottom needs"), ("", random(3, 4), "the last bottom needs"),
])
def test_bad_parameters(words, c, message):
    with pytest.raises(CaffeError, match=message):
        build(LINE % words, *XS, c)


def test_bottoms_of_different_shapes():
    with pytest.raises(CaffeError, match="all bottoms but the last"):
        build(LINE % "", (4, 3), (4, 2), ITEMS)
