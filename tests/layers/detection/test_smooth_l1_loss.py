import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

LINE = 'type: "SmoothL1Loss" '
A, B = random(4, 3, 2, 2), random(4, 3, 2, 2, seed=1)
W, V = random(4, 3, 2, 2, seed=2), random(4, 3, 2, 2, seed=3)


def h(d, sigma=1.0):
    s = sigma**2
    return np.where(abs(d) < 1 / s, s * d * d / 2, abs(d) - 0.5 / s)


def value(words, *bottoms):
    return run(build(LINE + words, *bottoms), bottoms)[0]


def gradients(words, *bottoms):
    layer, bottom, top = built = build(LINE + words, *bottoms)
    run(built, bottoms)
    top[0].diff[...] = 2
    layer.backward(top, [True, True, False, False][: len(bottom)], bottom)
    return bottom[0].diff.copy(), bottom[1].diff.copy()


def test_ssd():
    assert_allclose(value("", A, B), h(A - B).sum() / 4, rtol=1e-5)
    check_gradient(LINE, A, B)
    check_gradient(LINE, A.reshape(4, 12), B.reshape(4, 12))


def test_faster_rcnn():
    words = "smooth_l1_loss_param { sigma: 3 }"
    assert_allclose(value(words, A, B, W, V), (V * h(W * (A - B), 3)).sum() / 4, rtol=1e-4)
    # the kink of h'(d) is no corner of h, but within a step of it differences are off
    check_gradient(LINE + words, A, B, W, V, step=1e-4)
    check_gradient(LINE, A, B, W, V, step=1e-4)


def test_fast_rcnn_has_inside_weights_alone_and_leaves_them_out_of_the_gradient():
    assert_allclose(value("", A, B, W), h(W * (A - B)).sum() / 4, rtol=1e-5)
    da, db = gradients("", A, B, W)
    assert_allclose(da, np.clip(W * (A - B), -1, 1) * 2 / 4, rtol=1e-4)
    assert_allclose(db, -da)
    zero_or_one = (W > 0).astype(float)
    check_gradient(LINE, A, B, zero_or_one)


def test_synopsys_has_inside_weights_alone_and_takes_their_gradient():
    check_gradient(LINE + "smooth_l1_loss_param { }", A, B, W, step=1e-4)
    losses = (V * h(A - B)).sum()
    assert_allclose(value("smooth_l1_loss_param { abssum: true }", A, B, np.ones_like(A), V),
                    np.abs(V * h(A - B)).sum() / 4, rtol=1e-4)
    assert losses != np.abs(V * h(A - B)).sum()


@pytest.mark.parametrize("words, divisor", [
    ("normalization: VALID", 16), ("normalization: FULL", 16), ("normalization: BATCH_SIZE", 4),
    ("normalization: NONE", 1), ("normalization: PRE_FIXED pre_fixed_normalizer: 100", 100),
    ("normalize: true", 16), ("normalize: false", 4)])
def test_rfcn_says_what_to_divide_by(words, divisor):
    words = f"loss_param {{ {words} }}"
    assert_allclose(value(words, A, B), h(A - B).sum() / divisor, rtol=1e-5)
    check_gradient(LINE + words, A, B)


def test_rfcn_tells_the_loss_of_each_place():
    loss, each = run(build(LINE + 'top: "loss" top: "each"', A, B), [A, B])
    assert_allclose(each, h(A - B).sum(1, keepdims=True), rtol=1e-5)
    assert_allclose(loss, h(A - B).sum() / 16, rtol=1e-5)


def test_mistakes():
    with pytest.raises(ShapeError, match="equally many"):
        build(LINE, A, B[:, :2])
    with pytest.raises(ConfigError, match="needs pre_fixed_normalizer"):
        build(LINE + "loss_param { normalization: PRE_FIXED }", A, B)
    with pytest.raises(ConfigError, match="sigma must be above 0"):
        build(LINE + "smooth_l1_loss_param { sigma: 0 }", A, B)
