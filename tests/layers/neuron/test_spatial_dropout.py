import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError

X = random(6, 20, 3, 4)
LINE = 'type: "SpatialDropout" dropout_param { dropout_ratio: 0.3 }'


@pytest.mark.parametrize("inplace", [False, True])
def test_whole_channels_are_dropped(inplace):
    y = run(build(LINE, X, inplace=inplace), [X])[0]
    factor = y / X.astype(np.float32)
    assert np.allclose(factor, factor[:, :, :1, :1])
    values = factor[:, :, 0, 0]
    assert np.allclose(values[values != 0], 1 / 0.7)
    assert 0.15 < (values == 0).mean() < 0.45
    check_gradient(LINE, (2, 3, 2, 2), inplace=inplace)
    check_gradient(LINE, (4, 5))


def test_each_forward_draws_anew():
    layer, bottom, top = build(LINE, X)
    layer.forward(bottom, top)
    first = top[0].data.copy()
    layer.forward(bottom, top)
    assert not np.array_equal(first, top[0].data)


def test_in_test_nothing_is_dropped():
    assert np.array_equal(run(build(LINE, X, phase="TEST"), [X])[0], X.astype(np.float32))
    check_gradient(LINE, (2, 3, 2, 2), phase="TEST")


def test_its_own_message_is_not_read(caplog):
    y = run(build('type: "SpatialDropout" spatial_dropout_param { dropout_ratio: 0.9 }', X), [X])[0]
    assert np.isclose(np.abs(y).max(), 2 * np.abs(X[y != 0]).max(), rtol=1e-5)  # a ratio of 0.5


def test_what_has_no_channels():
    with pytest.raises(ShapeError, match="no channels"):
        build(LINE, (3,))
    with pytest.raises(ConfigError, match="probability"):
        build('type: "SpatialDropout" dropout_param { dropout_ratio: 1 }', X)
