import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, ShapeError

X = 2 * random(4, 3, 2, 5) + 1
AXES = (0, 2, 3)
LINE = 'type: "BatchNorm"'


def normalized(x, mean, variance, eps=1e-5):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    return (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + eps)


@pytest.mark.parametrize("inplace", [False, True])
def test_training_normalizes_by_the_batch(inplace):
    layer, bottom, top = build(LINE, X, inplace=inplace)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, normalized(X, X.mean(AXES), X.var(AXES)), rtol=1e-4, atol=1e-5)
    assert_allclose(top[0].data.mean(AXES), 0, atol=1e-5)
    assert_allclose(top[0].data.var(AXES), 1, rtol=1e-4)


def test_statistics_are_moving_sums_with_the_sum_of_their_weights():
    layer, bottom, top = build(
        'type: "BatchNorm" batch_norm_param { moving_average_fraction: 0.5 }', X)
    other = random(*X.shape, seed=8)
    layer.forward(bottom, top)
    bottom[0].data[...] = other
    layer.forward(bottom, top)
    m = 4 * 2 * 5
    for blob, (first, second) in zip(layer.blobs, (
        (X.mean(AXES), other.mean(AXES)),
        (X.var(AXES) * m / (m - 1), other.var(AXES) * m / (m - 1)),
        (1, 1),
    ), strict=True):
        assert_allclose(blob.data, 0.5 * first + second, rtol=1e-4)


@pytest.mark.parametrize("param, phase", [
    ("", "TEST"), ("use_global_stats: true", "TRAIN"), ("eps: 0.1", "TEST"),
])
def test_stored_statistics(param, phase):
    layer, bottom, top = build(f'type: "BatchNorm" batch_norm_param {{ {param} }}', X,
                               phase=phase)
    for blob, value in zip(layer.blobs, ([1, 2, 3], [4, 2, 8], [2]), strict=True):
        blob.data[...] = value
    layer.forward(bottom, top)
    eps = layer.p.eps
    expected = normalized(X, np.array([0.5, 1, 1.5]), np.array([2, 1, 4]), eps)
    assert_allclose(top[0].data, expected, rtol=1e-4, atol=1e-5)
    assert [blob.data.tolist() for blob in layer.blobs] == [[1, 2, 3], [4, 2, 8], [2]]


def test_a_factor_of_zero_means_no_statistics_yet():
    layer, bottom, top = build(LINE, X, phase="TEST")
    layer.forward(bottom, top)
    assert_allclose(top[0].data, X / np.sqrt(1e-5), rtol=1e-4)


def test_batch_statistics_in_test_where_asked():
    line = 'type: "BatchNorm" batch_norm_param { use_global_stats: false }'
    layer, bottom, top = build(line, X, phase="TEST")
    layer.forward(bottom, top)
    assert_allclose(top[0].data, normalized(X, X.mean(AXES), X.var(AXES)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("shape", [(3, 2, 2, 3), (4, 3), (6,), (3, 2, 4), (2, 2, 1, 2, 3)])
def test_gradient_through_the_batch(shape, inplace):
    # the statistics only remember: y does not depend on them in TRAIN
    layer, bottom, top = build(LINE, shape, inplace=inplace)
    assert layer.blobs[0].shape == (shape[1] if len(shape) > 1 else 1,)
    check_gradient(LINE, shape, inplace=inplace)


@pytest.mark.parametrize("inplace", [False, True])
def test_gradient_with_stored_statistics(inplace):
    layer, bottom, top = build(LINE, X, phase="TEST", inplace=inplace)
    for blob, value in zip(layer.blobs, ([1, 2, 3], [4, 2, 8], [2]), strict=True):
        blob.data[...] = value
    layer.forward(bottom, top)
    dy = random(*X.shape, seed=2).astype("f4")
    top[0].diff[...] = dy
    layer.backward(top, [True], bottom)
    std = np.sqrt(np.array([2, 1, 4]).reshape(1, 3, 1, 1) + 1e-5)
    assert_allclose(bottom[0].diff, dy / std, rtol=1e-5)


def test_a_later_layer_may_overwrite_the_top():
    layer, bottom, top = build(LINE, X)
    results = []
    for spoil in (False, True):
        layer.forward(bottom, top)
        if spoil:
            top[0].data[...] *= 7
        top[0].diff[...] = random(*X.shape, seed=2)
        layer.backward(top, [True], bottom)
        results.append(bottom[0].diff.copy())
    assert_allclose(results[1], results[0])


def test_channels_last_stays():
    layer, bottom, top = build(LINE, X, engines=["reference"])
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert top[0].values.channels_last
    assert layer.context.mover.reorders == 0


def test_the_solver_leaves_statistics_alone():
    layer, _, _ = build(LINE, X)
    assert [p.lr_mult for p in layer.spec.param] == [0, 0, 0]
    layer, _, _ = build('type: "BatchNorm" param { lr_mult: 0 decay_mult: 0 }', X)
    assert [(p.lr_mult, p.decay_mult) for p in layer.spec.param] == [(0, 0), (0, 1), (0, 1)]
    with pytest.raises(ConfigError, match="statistics are not learned.*param 1 with lr_mult 2"):
        build('type: "BatchNorm" param { lr_mult: 0 } param { lr_mult: 2 }', X)


def test_a_negative_eps():
    with pytest.raises(ConfigError, match="eps must not be negative.*found -1"):
        build('type: "BatchNorm" batch_norm_param { eps: -1 }', X)


def test_what_the_gradient_reads():
    assert build(LINE, X)[0].keeps == ("bottom",)
    assert build(LINE, X, inplace=True)[0].keeps == ()
    assert build(LINE, X, phase="TEST")[0].keeps == ()


def test_channels_cannot_change():
    layer, bottom, top = build(LINE, X)
    bottom[0].reshape(4, 4, 2, 5)
    with pytest.raises(ShapeError, match="channels cannot change.*3 channels"):
        layer.reshape(bottom, top)


def test_a_file_with_scale_and_bias_of_nvidia_s_fork_fits_where_they_do_nothing():
    layer, *_ = build(LINE, X)
    three = [random(3), random(3), np.ones(1)]
    assert layer.accept(three) is three
    assert layer.accept([*three, np.ones(3), np.zeros(3)]) == three
    for scale, bias in ((np.full(3, 2.0), np.zeros(3)), (np.ones(3), np.full(3, 0.5))):
        with pytest.raises(ShapeError, match="has a scale and a bias.*scale_bias: true"):
            layer.accept([*three, scale, bias])
