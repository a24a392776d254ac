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


@pytest.mark.parametrize("words, kept", [
    ("scale_train: false", 1), ("scale_train: true", 1 / 0.7), ("sqrt_scale: true", 0.7**-0.5),
    ("sqrt_scale: true scale_train: true", 0.7**-0.5),
])
@pytest.mark.parametrize("inplace", [False, True])
def test_what_is_kept_is_scaled_as_forks_say(words, kept, inplace):
    line = f'type: "Dropout" dropout_param {{ dropout_ratio: 0.3 {words} }}'
    layer, bottom, top = build(line, np.ones((10, 100)), inplace=inplace)
    layer.forward(bottom, top)
    assert_allclose(sorted(set(top[0].data.ravel())), [0, kept], rtol=1e-6)
    check_gradient(line, X, inplace=inplace)


@pytest.mark.parametrize("inplace", [False, True])
def test_scaling_in_testing_where_training_did_not(inplace):
    line = 'type: "Dropout" dropout_param { dropout_ratio: 0.3 scale_train: false }'
    built = build(line, X, inplace=inplace, phase="TEST")
    assert_allclose(run(built, [X])[0], 0.7 * X, rtol=1e-6)
    check_gradient(line, X, inplace=inplace, phase="TEST")


@pytest.mark.parametrize("sample", ["true", "false"])
def test_bayesian_nets_drop_in_testing(sample):
    line = f'type: "Dropout" dropout_param {{ sample_weights_test: {sample} }}'
    layer, bottom, top = build(line, np.ones((10, 100)), phase="TEST")
    layer.forward(bottom, top)
    first = top[0].data.copy()
    assert set(np.unique(first)) == ({0, 2} if sample == "true" else {1})
    layer.forward(bottom, top)
    assert (top[0].data != first).any() == (sample == "true")


def test_scaling_by_two_rules():
    with pytest.raises(ConfigError, match="sqrt_scale scales while training"):
        build('type: "Dropout" dropout_param { sqrt_scale: true scale_train: false }', X)
