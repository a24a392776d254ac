import numpy as np

from caffepy.data.draws import Dice, stream_key

KEY = stream_key(1, "layer/sample")


def test_dice_are_functions_of_key_and_number():
    def drawn(key, number):
        dice = Dice(key, number)
        return dice.uniform(2, 3), dice.below(100), dice.belows((2, 3), 1000).tolist()

    assert drawn(KEY, 5) == drawn(KEY, 5)
    made = [drawn(key, number) for key in (KEY, stream_key(2, "layer/sample"))
            for number in (0, 1, 2, 1 << 40)]
    assert len({str(one) for one in made}) == len(made)


def test_together_or_one_by_one():
    one, other = Dice(KEY, 3), Dice(KEY, 3)
    np.testing.assert_array_equal(
        one.uniforms((4, 2), -1, 1).ravel(), np.float32([other.uniform(-1, 1) for _ in range(8)]))
    assert one.below(1 << 32) == other.below(1 << 32)


def test_laws():
    dice = Dice(KEY, 0)
    values = dice.uniforms((20000,), -2, 6)
    assert -2 <= values.min() < -1.99 and 5.99 < values.max() <= 6 and values.dtype == np.float32
    assert abs(values.mean() - 2) < 0.08 and abs(values.std() - 8 / 12**0.5) < 0.05
    counts = np.bincount(dice.belows((20000,), 10))
    assert len(counts) == 10 and abs(counts - 2000).max() < 200  # standard deviation 42
    assert 1800 < sum(dice.happens(0.1) for _ in range(20000)) < 2200
    assert not any(dice.happens(0) for _ in range(100)) and all(
        dice.happens(1) for _ in range(100))
    orders = {tuple(dice.order(3).tolist()) for _ in range(100)}
    assert len(orders) == 6


def test_neighbours_have_nothing_in_common():
    first = np.array([Dice(KEY, number).uniforms((3,)) for number in range(4000)])
    table = np.corrcoef(np.column_stack([first[1:], first[:-1]]).T)
    assert abs(table - np.eye(6)).max() < 0.08  # standard deviation 0.016
