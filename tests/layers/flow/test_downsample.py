import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError


def line(height, width):
    return f'type: "Downsample" downsample_param {{ top_height: {height} top_width: {width} }}'


def downsampled(x, height, width):
    fy, fx = (x.shape[2] - 1) / (height - 1), (x.shape[3] - 1) / (width - 1)
    y = np.zeros((*x.shape[:2], height, width))
    for n, c, r, k in np.ndindex(*y.shape):
        total = weight = lost = 0
        for j, i in np.ndindex(x.shape[2:]):
            w = max(0, 1 - abs(i - k * fx) / fx) * max(0, 1 - abs(j - r * fy) / fy)
            if np.isnan(x[n, c, j, i]):
                lost += w
            else:
                total, weight = total + w * x[n, c, j, i], weight + w
        y[n, c, r, k] = np.nan if lost > 0.5 * weight else total / weight
    return y


@pytest.mark.parametrize("height, width", [(3, 4), (2, 2), (8, 9)])
def test_downsample(height, width):
    x = random(2, 2, 6, 7)
    text = line(height, width)
    assert_allclose(run(build(text, x), [x])[0], downsampled(x, height, width), rtol=1e-4,
                    atol=1e-5)
    check_gradient(text, x)


def test_what_is_not_known():
    x = random(1, 1, 6, 7)
    x[0, 0, :3, :2] = np.nan
    y = run(build(line(3, 4), x), [x])[0]
    assert_allclose(y, downsampled(x, 3, 4), rtol=1e-4, atol=1e-5)
    assert np.isnan(y).any() and not np.isnan(y).all()


def test_the_same_size_is_the_same():
    x, like = random(1, 2, 4, 5), random(3, 1, 4, 5)
    assert_allclose(run(build('type: "Downsample"', x, like), [x, like])[0], x, rtol=1e-6)


def test_a_size_is_needed():
    with pytest.raises(ShapeError, match="Write top_height"):
        build('type: "Downsample"', (1, 1, 4, 4))
