"""The layers that forks call BN, all three, against the formula."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import ENGINES, build, check_gradient, parse, random, run

from caffepy.core import registry
from caffepy.errors import CaffeError, ConfigError, ShapeError

X = random(4, 3, 2, 5) * 2 + 1
SLOPE, BIAS = np.array([0.5, -1.5, 2.0]), np.array([0.25, 1.0, -2.0])
MEAN, VARIANCE = np.array([0.5, 1.0, -0.5]), np.array([0.5, 4.0, 1.5])

YJXIONG = 'type: "BN" bn_param { slope_filler { type: "gaussian" std: 1 } eps: 0.01 %s }'
SEGNET = 'type: "BN" bn_param { scale_filler { type: "gaussian" std: 1 } %s }'
CTPN = SEGNET % "var_eps: 0.01 %s"


def each(values):
    return np.reshape(values, (1, 3, 1, 1))


def normal(x, eps, mean=None, variance=None):
    axes = (0, 2, 3)
    mean = each(x.mean(axes) if mean is None else mean)
    variance = each(x.var(axes) if variance is None else variance)
    return (x - mean) / np.sqrt(variance + eps)


def fill(layer, *values):
    for blob, value in zip(layer.blobs, values, strict=False):
        assert blob.shape == (1, 3, 1, 1)
        blob.data[...] = each(value)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("line, phase, eps, given, moves", [
    (YJXIONG % "", "TRAIN", 0.01, False, 0.1),
    (YJXIONG % "momentum: 0.75", "TRAIN", 0.01, False, 0.25),
    (YJXIONG % "", "TEST", 0.01, True, 0),
    (YJXIONG % "frozen: true", "TRAIN", 0.01, True, 0),
    (YJXIONG % "frozen: true", "TEST", 0.01, True, 0),
    ('type: "BN"', "TEST", 1e-5, True, 0),
    (SEGNET % "", "TRAIN", 1e-9, False, None),
    (SEGNET % "bn_mode: LEARN", "TEST", 1e-9, False, None),
    (CTPN % "", "TRAIN", 0.01, False, 0.05),
    (CTPN % "decay: 0.5", "TRAIN", 0.01, False, 0.5),
    (CTPN % "", "TEST", 0.01, False, 0),
    (CTPN % "moving_average: true", "TEST", 0.01, True, 0),
])
def test_formula(line, phase, eps, given, moves, inplace):
    built = layer, bottom, top = build(line, X, phase=phase, inplace=inplace)
    fill(layer, SLOPE, BIAS, MEAN, VARIANCE)
    y, = run(built, [X])
    n = normal(X, eps, MEAN, VARIANCE) if given else normal(X, eps)
    assert_allclose(y, n * each(SLOPE) + each(BIAS), rtol=1e-4, atol=1e-5)
    if moves is None:
        assert len(layer.blobs) == 2
        return
    for blob, old, new in zip(layer.blobs[2:], (MEAN, VARIANCE),
                              (X.mean((0, 2, 3)), X.var((0, 2, 3))), strict=True):
        assert_allclose(blob.data.ravel(), old * (1 - moves) + new * moves, rtol=1e-5)
    assert [p.lr_mult for p in layer.spec.param][2:] == [0, 0]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("line, phase", [
    (YJXIONG % "", "TRAIN"), (SEGNET % "", "TRAIN"), (SEGNET % "", "TEST"),
    (SEGNET % "bn_mode: INFERENCE", "TRAIN"), (CTPN % "", "TRAIN"), (CTPN % "", "TEST"),
])
def test_gradient(line, phase, inplace):
    check_gradient(line, X[:, :, :, :3], phase=phase, inplace=inplace, step=1e-3)
    check_gradient(line, random(5, 3), phase=phase, inplace=inplace, step=1e-3)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("line", [
    YJXIONG % "", YJXIONG % "frozen: true", CTPN % "moving_average: true"])
@pytest.mark.parametrize("engine, dtype, close", [
    ("reference", np.float64, 1e-6), *((engine, np.float32, 1e-4) for engine in ENGINES)])
def test_gradient_under_given_statistics(line, inplace, engine, dtype, close):
    """Of x, slope and bias alone: statistics have none, and a frozen layer's parameters neither."""
    layer, bottom, top = built = build(line, X, phase="TEST", dtype=dtype, inplace=inplace,
                                       engines=(engine, "reference"))
    fill(layer, SLOPE, BIAS, MEAN, VARIANCE)
    dy = random(*X.shape, seed=3)
    for on in ([True], [False]):
        run(built, [X])
        top[0].diff[...] = dy
        layer.backward(top, on, bottom)
        if on[0]:
            dx = dy * each(SLOPE) / np.sqrt(each(VARIANCE) + 0.01)
            assert_allclose(bottom[0].diff, dx, rtol=close)
    factor = 0 if layer.frozen else 2  # two passes add up
    n = normal(X, 0.01, MEAN, VARIANCE)
    assert_allclose(layer.blobs[0].diff.ravel(), factor * (dy * n).sum((0, 2, 3)), close, close)
    assert_allclose(layer.blobs[1].diff.ravel(), factor * dy.sum((0, 2, 3)), close, close)
    assert not layer.blobs[2].diff.any() and not layer.blobs[3].diff.any()


def test_a_frozen_layer_rests_whole():
    layer, _, _ = build(YJXIONG % "frozen: true", X)
    assert [(p.lr_mult, p.decay_mult) for p in layer.spec.param] == [(0, 0)] * 4
    assert (layer.blobs[3].data == 1).all()


@pytest.mark.parametrize("line, phase, lacks", [
    (CTPN % "moving_average: true", "TEST", True), (CTPN % "", "TEST", False),
    (YJXIONG % "", "TEST", True), (YJXIONG % "frozen: true", "TEST", False),
    (SEGNET % "", "TEST", False), (YJXIONG % "", "TRAIN", False)])
def test_statistics_that_nobody_gathered(line, phase, lacks):
    """They begin at 0; a frozen layer's variance at 1, so that it changes nothing."""
    layer, _, _ = build(line, X, phase=phase)
    assert layer.lacks_statistics() == lacks
    if layer.given:
        fill(layer, SLOPE, BIAS, MEAN, VARIANCE * 0)
        assert layer.lacks_statistics()
        fill(layer, SLOPE, BIAS, MEAN, VARIANCE)
        assert not layer.lacks_statistics()


@pytest.mark.parametrize("line, whose", [
    ('type: "BN"', "pspnet"), ("type: 'BN' bn_param { frozen: true }", "pspnet"),
    ("type: 'BN' bn_param { slope_filler { } }", "pspnet"),
    ("type: 'BN' bn_param { scale_filler { } }", "segnet"),
    ("type: 'BN' bn_param { bn_mode: LEARN }", "segnet"),
    ("type: 'BN' blobs { } blobs { }", "segnet"),
    ("type: 'BN' bn_param { scale_filler { } moving_average: true }", "ctpn"),
])
def test_whose_it_is(line, whose):
    assert registry.of(parse(line)).dialect == whose


def test_parameters_of_files():
    """Two or four, with one axis or four."""
    four, two = build(YJXIONG % "", X)[0], build(SEGNET % "", X)[0]
    rows = [np.ones((1, 3), np.float32)] * 4
    assert [a.shape for a in four.accept(rows)] == [(1, 3, 1, 1)] * 4
    assert [a.shape for a in two.accept(rows[:2])] == [(1, 3, 1, 1)] * 2
    with pytest.raises(CaffeError, match="two parameters.*bn_mode"):
        four.accept(rows[:2])
    with pytest.raises(CaffeError, match="four parameters.*slope_filler"):
        two.accept(rows)


def test_inverse_deviations_are_told(caplog):
    layer = build(YJXIONG % "", X)[0]
    rows = [np.ones((1, 3), np.float32) * v for v in (1, 0, 0.05, 40)]
    layer.accept(rows)
    assert "1 / blob^2 - eps" in caplog.text
    caplog.clear()
    layer.accept([*rows[:2], rows[2] * 100, rows[3]])
    assert not caplog.text


def test_mistakes():
    with pytest.raises(ConfigError, match="negative"):
        build(YJXIONG.replace("0.01", "-1") % "", X)
    with pytest.raises(ShapeError, match="must have channels"):
        build(YJXIONG % "", (3,))
    layer, bottom, top = build(YJXIONG % "", X)
    bottom[0].reshape(4, 5, 2, 2)
    with pytest.raises(ShapeError, match="cannot change"):
        layer.reshape(bottom, top)
