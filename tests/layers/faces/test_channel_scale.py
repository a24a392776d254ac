import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

X, S = random(3, 4, 2, 3), random(3, 1, 2, 3, seed=1)


def line(param, top=""):
    return f'type: "ChannelScale" {top} channel_scale_param {{ {param} }}'


def backward(param, phase="TEST"):
    built = layer, bottom, top = build(line(param), X, S, phase=phase)
    y = run(built, [X, S])[0]
    dy = top[0].diff[...] = random(3, 4, 2, 3, seed=2)
    layer.backward(top, [True, True], bottom)
    return y, dy, bottom[0].diff, bottom[1].diff


def test_channel_scale():
    assert_allclose(run(build(line(""), X, S), [X, S])[0], X * S, rtol=1e-5)
    check_gradient(line(""), X, S)
    check_gradient(line(""), random(3, 4), random(3, seed=1))


def test_parts_may_be_left_out():
    y, dy, dx, ds = backward("do_forward: false")
    assert_allclose(y, X, rtol=1e-6)
    assert_allclose(dx, S * dy, rtol=1e-5)
    y, dy, dx, ds = backward("do_backward_feature: false do_backward_scale: false")
    assert_allclose(y, X * S, rtol=1e-5)
    assert_allclose(dx, dy, rtol=1e-6)
    assert not ds.any()


def test_a_scale_for_all():
    words = "global_scale: true max_global_scale: 12 min_global_scale: 2"
    built = layer, bottom, top = build(line(words, 'top: "y" top: "s"'), X, S)
    assert layer.blobs[0].data.tolist() == [-1]
    assert [param.lr_mult for param in layer.spec.param] == [0]
    for given, held in ((15, 12), (5, 5), (-1, 2)):
        layer.blobs[0].data[...] = given
        y, scale = run(built, [X, S])
        assert scale == layer.blobs[0].data == held
        assert_allclose(y, held * X, rtol=1e-5)
    top[0].diff[...] = X
    layer.backward(top, [True, True], bottom)
    assert_allclose(bottom[0].diff, S * X, rtol=1e-5)
    assert_allclose(bottom[1].diff, (X * X).sum(1, keepdims=True), rtol=1e-5)


def test_errors():
    with pytest.raises(ShapeError, match=r"one number for each pixel.*allowed: \(3, 1, 2, 3\)"):
        build(line(""), X, S[:, :, :1])
    with pytest.raises(ConfigError, match="not learned"):
        build(line("global_scale: true", "param { lr_mult: 1 }"), X, S)
    with pytest.raises(ConfigError, match="only a global scale"):
        build(line("", 'top: "y" top: "s"'), X, S)


def test_inputs_are_left_alone():
    layer, bottom, top = built = build(line("global_scale: true"), X, S)
    run(built, [X, S])
    assert np.array_equal(bottom[1].data, S.astype(np.float32))
