import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, ShapeError


def line(param):
    return f'type: "Resample" resample_param {{ {param} }}'


def triangle(d):
    return max(1 - abs(d), 0)


def bicubic(d):
    d = abs(d)
    if d <= 1:
        return d * d * (1.5 * d - 2.5) + 1
    return d * (d * (2.5 - 0.5 * d) - 4) + 2 if d < 2 else 0


def resampled(x, height, width, curve, reach, antialias=True):
    fy, fx = x.shape[2] / height, x.shape[3] / width
    stretch = antialias and (fx > 1 or fy > 1)
    ax, ay = (1 / fx, 1 / fy) if stretch else (1, 1)
    rx, ry = (2 if f < 1 else math.ceil(reach / a) for f, a in ((fx, ax), (fy, ay)))
    y = np.zeros((*x.shape[:2], height, width))
    for r, c in np.ndindex(height, width):
        cx, cy = c * fx + fy / 2 - 0.5, r * fy + fx / 2 - 0.5
        total = np.zeros(x.shape[:2])
        weight = 0
        for j, i in np.ndindex(x.shape[2:]):
            if abs(i - math.floor(cx + 0.5)) <= rx and abs(j - math.floor(cy + 0.5)) <= ry:
                w = curve(ax * (cx - i)) * curve(ay * (cy - j))
                total += w * x[:, :, j, i]
                weight += w
        y[:, :, r, c] = total / weight if weight else 0
    return y


@pytest.mark.parametrize("height, width", [(3, 3), (8, 9), (4, 9), (6, 5)])
@pytest.mark.parametrize("type, curve, reach", [("LINEAR", triangle, 2), ("CUBIC", bicubic, 4)])
@pytest.mark.parametrize("antialias", ["true", "false"])
def test_resample(height, width, type, curve, reach, antialias):
    x = random(2, 2, 6, 5)
    text = line(f"type: {type} height: {height} width: {width} antialias: {antialias}")
    assert_allclose(run(build(text, x), [x])[0],
                    resampled(x, height, width, curve, reach, antialias == "true"),
                    rtol=1e-3, atol=1e-4)
    check_gradient(text, x)


def test_nearest():
    x = random(1, 2, 3, 3)
    text = line("type: NEAREST height: 6 width: 6")
    assert_allclose(run(build(text, x), [x])[0], x.repeat(2, 2).repeat(2, 3), rtol=1e-6)
    check_gradient(text, x)


def test_a_second_bottom_gives_the_size():
    x, like = random(1, 2, 4, 4), random(3, 1, 2, 5)
    y = run(build('type: "Resample"', x, like), [x, like])[0]
    assert_allclose(y, run(build(line("height: 2 width: 5"), x), [x])[0])


def test_errors():
    with pytest.raises(ConfigError, match="AREA is not known"):
        build(line("type: AREA height: 2 width: 2"), (1, 1, 4, 4))
    with pytest.raises(ShapeError, match="Write height and width"):
        build(line("height: 2"), (1, 1, 4, 4))
