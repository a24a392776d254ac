import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_reverse(axis):
    x = random(2, 3, 4).astype(np.float32)
    line = f'type: "Reverse" reverse_param {{ axis: {axis} }}'
    assert np.array_equal(run(build(line, x), [x])[0], np.flip(x, axis))
    check_gradient(line, x)


def test_the_first_axis_without_a_word():
    assert run(build('type: "Reverse"', [1.0, 2, 3]), [[1.0, 2, 3]])[0].tolist() == [3, 2, 1]


def test_axes_that_are_not_there():
    with pytest.raises(ShapeError, match="axis 3 does not exist"):
        build('type: "Reverse" reverse_param { axis: 3 }', (2, 3, 4))
