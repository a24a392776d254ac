import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError


def line(group):
    return f'type: "ShuffleChannel" shuffle_channel_param {{ group: {group} }}'


@pytest.mark.parametrize("shape, group", [((2, 6, 3, 4), 3), ((1, 8, 1, 2), 2), ((2, 6), 2),
                                          ((2, 5, 2), 1), ((2, 4, 2, 2), 4)])
def test_shuffle_channel(shape, group):
    x = random(*shape).astype(np.float32)
    y = run(build(line(group), x), [x])[0]
    each = shape[1] // group
    for i in range(group):
        for j in range(each):
            assert np.array_equal(y[:, j * group + i], x[:, i * each + j])
    check_gradient(line(group), x)


def test_without_a_word_nothing_moves():
    x = random(2, 6, 2, 2).astype(np.float32)
    assert np.array_equal(run(build('type: "ShuffleChannel"', x), [x])[0], x)


def test_channels_must_divide():
    with pytest.raises(ShapeError, match="found 6 channels, group 4"):
        build(line(4), (2, 6, 3, 4))
    with pytest.raises(ShapeError, match="group 0"):
        build(line(0), (2, 6, 3, 4))
