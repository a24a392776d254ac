import numpy as np
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

LINE = 'type: "SmoothL1LossOHEM" '
A, B = random(4, 3, 2, 2), random(4, 3, 2, 2, seed=1)
W = (random(4, 3, 2, 2, seed=2) > 0).astype(float)


def test_places_count_and_each_has_its_loss():
    d = np.abs(W * (A - B))
    h = np.where(d < 1, d * d / 2, d - 0.5)
    loss, each = run(build(LINE + 'top: "loss" top: "each"', A, B, W), [A, B, W])
    assert_allclose(loss, h.sum() / 16, rtol=1e-5)
    assert_allclose(each, h.sum(1, keepdims=True), rtol=1e-5)
    few = [x[:, :, 0, 0] for x in (A, B)]
    assert run(build(LINE + 'top: "loss" top: "each"', *few), few)[1].shape == (4, 1, 1, 1)


def test_gradient():
    check_gradient(LINE, A, B, W)
    check_gradient(LINE + "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 9 }", A, B)
