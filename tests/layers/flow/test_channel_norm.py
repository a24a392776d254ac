import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

X = random(2, 3, 4, 5)


def test_channel_norm():
    assert_allclose(run(build('type: "ChannelNorm"', X), [X])[0],
                    np.sqrt((X**2).sum(1, keepdims=True)), rtol=1e-5)
    check_gradient('type: "ChannelNorm"', X, step=1e-3)


def test_0_has_no_gradient():
    layer, bottom, top = built = build('type: "ChannelNorm"', np.zeros((1, 2, 1, 1)))
    run(built, [np.zeros((1, 2, 1, 1))])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert not bottom[0].diff.any()


def test_no_channels():
    with pytest.raises(ShapeError, match="no channels"):
        build('type: "ChannelNorm"', (3,))
