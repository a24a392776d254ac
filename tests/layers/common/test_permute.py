import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 4, 5)


def line(*order):
    return 'type: "Permute" permute_param { ' + " ".join(f"order: {a}" for a in order) + " }"


@pytest.mark.parametrize("order, whole", [
    ((0, 2, 3, 1), (0, 2, 3, 1)), ((3, 1), (3, 1, 0, 2)), ((), (0, 1, 2, 3)),
    ((1, 0, 3, 2), (1, 0, 3, 2)), ((2,), (2, 0, 1, 3))])
def test_axes_that_are_not_named_follow(order, whole):
    assert_array_equal(run(build(line(*order), X), [X])[0], X.transpose(whole).astype(np.float32))
    check_gradient(line(*order), X, other_batch=False)


def test_other_ranks():
    check_gradient(line(2, 0, 1), random(2, 3, 4))
    check_gradient(line(1), random(2, 3))


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 3, 1, 2)])
def test_numbers_that_lie_channels_last_are_taken_as_they_lie(order):
    layer, bottom, top = build(line(*order), X)
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert_array_equal(top[0].data, X.transpose(order).astype(np.float32))


def test_mistakes():
    with pytest.raises(ConfigError, match="named twice"):
        build(line(0, 2, 2), X)
    with pytest.raises(ShapeError, match="no such axis"):
        build(line(0, 4), X)
