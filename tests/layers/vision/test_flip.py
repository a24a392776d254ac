import numpy as np
import pytest
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError


@pytest.mark.parametrize("param, axes", [
    ("", (3,)), ("flip_height: true", (2, 3)), ("flip_width: false flip_height: true", (2,)),
    ("flip_width: false", ())])
def test_flip(param, axes):
    x = random(2, 2, 3, 4).astype(np.float32)
    line = f'type: "Flip" flip_param {{ {param} }}'
    assert np.array_equal(run(build(line, x), [x])[0], np.flip(x, axes))
    check_gradient(line, x)


def test_only_pictures():
    with pytest.raises(ShapeError, match="N x C x H x W"):
        build('type: "Flip"', (2, 3, 4))
