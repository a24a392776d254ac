import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.errors import ConfigError

LINE = 'type: "Dropout" dropout_param { dropout_ratio: 0.3 }'
X = random(2, 3, 4, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_training_drops_and_scales(inplace):
    layer, bottom, top = build(LINE, np.ones((100, 1000)), inplace=inplace)
    layer.forward(bottom, top)
    y = top[0].data
    assert set(np.unique(y)) == {0, np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 0.005
    check_gradient(LINE, X, inplace=inplace)


@pytest.mark.parametrize("inplace", [False, True])
def test_testing_is_the_identity(inplace):
    layer, bottom, top = build(LINE, X, inplace=inplace, phase="TEST")
    layer.forward(bottom, top)
    assert_allclose(top[0].data, X, rtol=1e-6)
    check_gradient(LINE, X, inplace=inplace, phase="TEST")


def test_each_forward_draws_anew_and_a_position_repeats_its_draw():
    built = build(LINE, X)
    layer, bottom, top = built
    first = run(built, [X])[0]
    layer.forward(bottom, top)
    assert (top[0].data != first).any()
    assert_array_equal(run(built, [X])[0], first)


def test_the_mask_does_not_depend_on_the_order_in_memory():
    built = build(LINE, X)
    layer, bottom, top = built
    expected = run(built, [X])[0]
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.position = 0
    layer.forward(bottom, top)
    assert top[0].values.channels_last
    assert_array_equal(top[0].data, expected)


@pytest.mark.parametrize("ratio", [-0.1, 1])
def test_a_ratio_is_a_probability(ratio):
    with pytest.raises(ConfigError, match="0 <= dropout_ratio < 1"):
        build(f'type: "Dropout" dropout_param {{ dropout_ratio: {ratio} }}', X)
