"""What DataAugmentation draws for a picture."""

import math

import numpy as np
import pytest
from support import build

from caffepy.errors import ConfigError
from caffepy.layers.flow._coefficients import NEUTRAL, draw, pack, unpack
from caffepy.proto import caffe_pb2, text

PICTURES = np.random.default_rng(1701).random((2, 3, 7, 9)).astype(np.float32)
AXES = " ".join(["chromatic_eigvec: 1"] * 9)


def line(words, schedule=""):
    return (f'type: "DataAugmentation" top: "y" top: "all" augmentation_param {{ crop_height: 4 '
            f"crop_width: 5 {words} }} coeff_schedule_param {{ {schedule} }}")


def always(name, value):
    """A generator's words for this number."""
    return f"{name} {{ mean: {value} }}"


def test_what_does_nothing_is_zero_and_rows_add_up():
    assert len(NEUTRAL) == 42 and not pack(NEUTRAL).any() and unpack(np.zeros(42)) == NEUTRAL
    one, other = {"zoom_x": 1.5, "dx": 0.25}, {"zoom_x": 2, "gamma": 0.5}
    both = unpack(pack({**NEUTRAL, **one}) + pack({**NEUTRAL, **other}))
    expected = {**NEUTRAL, "zoom_x": 3, "dx": 0.25, "gamma": 0.5}
    assert both == pytest.approx(expected)
    assert unpack(pack({**NEUTRAL, "contrast": 1.0009, "angle": -0.0009})) == NEUTRAL


@pytest.mark.parametrize("words, name, value", [
    (always("translate_x", 0.1), "dx", 0.1), (always("translate_y", -0.1), "dy", -0.1),
    (always("rotate", 0.2), "angle", 0.2), (always("squeeze", 1.25), "zoom_y", 0.8),
    (always("brightness", 0.3), "brightness", 0.3), (always("contrast", 1.5), "contrast", 1.5),
    (f'{AXES} {always("ladd_pow", 1.5)}', "pow_nomean0", 1.5),
    (f'{AXES} {always("col_add", 0.5)}', "add_nomean2", 0.5),
    (f'{AXES} {always("col_mult", 1.5)}', "mult_nomean1", 1.5),
    (f'{AXES} {always("sat_mult", 1.5)}', "mult_withmean2", 1.5),
    (f'{AXES} {always("lmult_add", 0.1)}', "lmult_add", 0.1),
    (f'{AXES} {always("col_rotate", 0.1)}', "col_angle", 0.1),
    (always("shadow_strength", 0.1), "shadow_strength", 0.1),
])
def test_words_and_coefficients(words, name, value):
    built = build(line(words), PICTURES)
    built[0].forward(*built[1:])
    for row in built[2][1].data:
        assert unpack(row.ravel())[name] == pytest.approx(value, rel=1e-5)


def generator(words):
    param = caffe_pb2.RandomGeneratorParameter()
    text.parse(words, param)
    return param


@pytest.mark.parametrize("words, mean, deviation", [
    ("mean: 2 spread: 3", 2, math.sqrt(3)), ('rand_type: "gaussian" mean: 2 spread: 3', 2, 3),
    ('rand_type: "bernoulli" prob: 0.25', 0.25, math.sqrt(3) / 4),
    ('rand_type: "uniform_bernoulli" mean: 2 prob: 0.5', 1, 1),
    ('rand_type: "gaussian_bernoulli" mean: 2 prob: 0.5 exp: true', (1 + math.e**2) / 2,
     (math.e**2 - 1) / 2),
    ("mean: 0.5 spread: 0.5 discretize: true multiplier: 3", 1.5, 1.5),
    ("mean: 1 multiplier: 3", 3, 0),
])
def test_generators(words, mean, deviation):
    rng = np.random.default_rng(3)
    numbers = [draw(generator(words), rng) for _ in range(4000)]
    assert abs(np.mean(numbers) - mean) < 0.06 * max(deviation, 1e-6)
    assert abs(np.std(numbers) - deviation) < 0.06 * max(deviation, 1e-6)


def test_a_coin_that_says_no():
    rng = np.random.default_rng(3)
    never = generator('rand_type: "uniform_bernoulli" mean: 2 prob: 0 exp: true multiplier: 5')
    assert draw(never, rng, 1, 0.25) == 0.25 and draw(never, rng) == 5
    with pytest.raises(ConfigError, match="no such rand_type .found poisson"):
        draw(generator('rand_type: "poisson"'), rng)


def test_a_schedule_multiplies_the_spread():
    built = build(line("brightness { mean: 1 spread: 1 } contrast { mean: 1 spread: 0.5 "
                       "apply_schedule: false }",
                       schedule="half_life: 10 initial_coeff: 0.5 final_coeff: 0"), PICTURES)
    spreads, others = [], []
    for _ in range(60):
        built[0].forward(*built[1:])
        items = [unpack(row.ravel()) for row in built[2][1].data]
        spreads.append(max(abs(v["brightness"] - 1) for v in items))
        others.append(max(abs(v["contrast"] - 1) for v in items))
    for count, spread in enumerate(spreads, 1):
        grown = 2 / (1 + math.exp(-1.0986 * count / 10)) - 1
        assert spread <= 0.5 * (1 - grown) + 1e-3
    assert max(spreads[:5]) > 0.2 and max(others[40:]) > 0.3
