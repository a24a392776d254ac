import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError


def line(*dims):
    return f'type: "Transpose" transpose_param {{ {" ".join(f"dim: {d}" for d in dims)} }}'


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 1, 2), (1, 2, 0), (2, 1, 0), (-1, 0, 1)])
def test_transpose(order):
    x = random(2, 3, 4).astype(np.float32)
    assert np.array_equal(run(build(line(*order), x), [x])[0], x.transpose(order))
    check_gradient(line(*order), x, other_batch=False)


def test_pictures():
    check_gradient(line(0, 2, 3, 1), (2, 3, 4, 2))


@pytest.mark.parametrize("order", [(), (0, 1), (0, 1, 1), (0, 1, 3), (0, 1, 2, 3)])
def test_each_axis_once(order):
    with pytest.raises(ConfigError, match="each axis of the bottom once.*dim: 0 dim: 1 dim: 2"):
        build(line(*order), (2, 3, 4))
