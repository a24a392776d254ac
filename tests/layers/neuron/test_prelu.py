import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.errors import ShapeError

X = random(2, 3, 4, 5)
SLOPES = 'filler { type: "uniform" min: -0.5 max: 0.5 }'


def line(param=""):
    return f'type: "PReLU" prelu_param {{ {param} }}'


def test_slope_is_a_quarter_at_first():
    layer, _, _ = built = build(line(), X)
    assert layer.blobs[0].data.tolist() == [0.25] * 3
    assert_allclose(run(built, [X])[0], np.maximum(X, 0) + 0.25 * np.minimum(X, 0), rtol=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("x", [X, random(6, 5), random(2, 3, 4)])
def test_slope_per_channel(x, inplace):
    layer, _, _ = built = build(line(SLOPES), x, inplace=inplace)
    a = layer.blobs[0].data.reshape(-1, *[1] * (x.ndim - 2))
    assert layer.blobs[0].shape == (x.shape[1],)
    assert_allclose(run(built, [x])[0], np.where(x > 0, x, a * x), rtol=1e-6)
    check_gradient(line(SLOPES), x, kink=0, kink_range=0.01, inplace=inplace)


@pytest.mark.parametrize("inplace", [False, True])
def test_channel_shared(inplace):
    text = line("channel_shared: true " + SLOPES)
    layer, _, _ = build(text, X)
    assert layer.blobs[0].shape == ()
    check_gradient(text, X, kink=0, kink_range=0.01, inplace=inplace)


def test_channels_last():
    layer, bottom, top = built = build(line(SLOPES), X)
    expected = run(built, [X])[0]
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert top[0].values.channels_last
    assert_allclose(top[0].data, expected)


def test_shapes():
    with pytest.raises(ShapeError, match="one for channels"):
        build(line(), [1.0, 2.0])
    layer, bottom, top = build(line(), X)
    bottom[0].reshape(2, 4, 4, 5)
    with pytest.raises(ShapeError, match="3 slopes for shape"):
        layer.reshape(bottom, top)
