import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, check_gradient, random, run

from caffepy.errors import CaffeError

LINE = 'type: "Reshape" reshape_param { pixelshuffler: %d }'


@pytest.mark.parametrize("r, shape", [(2, (2, 8, 3, 2)), (3, (1, 9, 2, 4))])
def test_channels_become_pixels(r, shape):
    x = random(*shape).astype("f4")
    n, channels, height, width = shape
    expected = np.empty((n, channels // r**2, height * r, width * r), "f4")
    for i, c, h, w in np.ndindex(*shape):
        expected[i, c // r**2, h * r + c // r % r, w * r + c % r] = x[i, c, h, w]
    assert_array_equal(run(build(LINE % r, x), [x])[0], expected)
    check_gradient(LINE % r, x)


def test_a_block_of_one_pixel_is_a_plain_reshape():
    line = 'type: "Reshape" reshape_param { pixelshuffler: 1 shape { dim: 0 dim: -1 } }'
    assert build(line, (2, 3, 4, 5))[2][0].shape == (2, 60)


@pytest.mark.parametrize("r, shape, message", [
    (2, (2, 6, 3, 3), "multiples of pixelshuffler"), (2, (4, 4), "must have 4 axes"),
    (0, (2, 8, 3, 2), "side of a block"),
])
def test_what_does_not_fit(r, shape, message):
    with pytest.raises(CaffeError, match=message):
        build(LINE % r, shape)
