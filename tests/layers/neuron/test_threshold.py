import pytest
from numpy.testing import assert_array_equal
from support import build, random, run

from caffepy.errors import ConfigError

LINE = 'type: "Threshold" threshold_param { threshold: 0.5 }'
X = random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_threshold(inplace):
    assert_array_equal(run(build(LINE, X, inplace=inplace), [X])[0], X > 0.5)


def test_the_threshold_itself_and_another_batch():
    built = build(LINE, X)
    layer, bottom, top = built
    bottom[0].reshape(3)
    layer.reshape(bottom, top)
    assert run(built, [[0.5, 0.51, -1]])[0].tolist() == [0, 1, 0]


def test_there_is_no_gradient():
    layer, bottom, top = build(LINE, X)
    with pytest.raises(ConfigError, match="no gradient"):
        layer.backward(top, [True], bottom)
