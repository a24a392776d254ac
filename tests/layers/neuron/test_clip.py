import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

LINE = 'type: "Clip" clip_param { min: -0.5 max: 0.5 }'
X = random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_clip(inplace):
    assert_allclose(run(build(LINE, X, inplace=inplace), [X])[0],
                    np.minimum(np.maximum(X, -0.5), 0.5), rtol=1e-6)
    check_gradient(LINE, X, kink=0.5, kink_range=0.01, inplace=inplace)


def test_the_ends_have_a_gradient():
    layer, bottom, top = built = build(LINE, [-0.5, 0.5, 0.6])
    run(built, [[-0.5, 0.5, 0.6]])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert bottom[0].diff.tolist() == [1, 1, 0]


def test_range():
    with pytest.raises(ConfigError, match="min and max are missing"):
        build('type: "Clip"', X)
    with pytest.raises(ConfigError, match="min must not exceed max"):
        build('type: "Clip" clip_param { min: 1 max: 0 }', X)
    with pytest.raises(ConfigError, match="max"):
        build('type: "Clip" clip_param { min: 1 }', X)
