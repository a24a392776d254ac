import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, random, run

from caffepy.errors import ConfigError, DataError

X, LABELS = random(6, 5), np.array([0, 2, 2, 1, 2, 0])
LINE = ('type: "CenterLoss" center_loss_param { num_output: 4 '
        'center_filler { type: "gaussian" std: 1 } }')


def test_center_loss():
    layer, bottom, top = built = build(LINE, X, LABELS)
    centers = layer.blobs[0].data.copy()
    away = X - centers[LABELS]
    assert_allclose(run(built, [X, LABELS])[0], (away**2).sum() / 12, rtol=1e-5)
    top[0].diff[...] = 0.3
    layer.blobs[0].diff[...] = 2
    bottom[0].data[...] = bottom[1].data[...] = np.nan  # which it does not keep
    layer.backward(top, [True, False], bottom)
    assert_allclose(bottom[0].diff, 0.3 * away / 6, rtol=1e-5)
    for c in range(4):  # not the derivative: no loss weight, and divided by 1 + the count
        mine = LABELS == c
        assert_allclose(layer.blobs[0].diff[c] - 2, -away[mine].sum(0) / (1 + mine.sum()),
                        rtol=1e-4, atol=1e-5)


def test_items_of_several_axes():
    x = random(3, 2, 2)
    layer, bottom, top = build(LINE, x, [0, 1, 2])
    assert layer.blobs[0].shape == (4, 4)


def test_errors():
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build(LINE, X, LABELS), [X, LABELS + 2])
    with pytest.raises(ConfigError, match="number of classes"):
        build('type: "CenterLoss"', X, LABELS)
    with pytest.raises(ConfigError, match="L2 alone"):
        build('type: "CenterLoss" center_loss_param { num_output: 4 distance_type: "L1" }',
              X, LABELS)
