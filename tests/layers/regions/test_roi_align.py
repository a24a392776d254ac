"""ROIAlign against one sample at a time."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

X = random(2, 3, 6, 7)
ROIS = [[0, 0, 0, 27, 23], [1, 4.5, 5, 9, 9], [1, -6, -7, 12, 50], [0, 40, 40, 60, 60],
        [1, 8, 8, 2, 20]]


def line(words):
    return f'type: "ROIAlign" roi_pooling_param {{ spatial_scale: 0.25 {words} }}'


def naive(x, rois, ph, pw, ratio=0.0):
    y = np.zeros((len(rois), x.shape[1], ph + 1, pw + 1))
    for r, (image, *box) in enumerate(rois):
        pad = [(box[2 + i] - box[i] + 1) * ratio for i in (0, 1)]
        start = [(box[i] - pad[i]) * 0.25 - 0.5 for i in (0, 1)]
        size = [(box[2 + i] + pad[i]) * 0.25 - 0.5 - start[i] for i in (0, 1)]
        for p, q in np.ndindex(ph + 1, pw + 1):
            h, w = start[1] + p * size[1] / ph, start[0] + q * size[0] / pw
            if min(size) <= 0 or not (-0.5 <= h <= 5.5 and -0.5 <= w <= 6.5):
                continue
            h, w = min(max(h, 0), 5), min(max(w, 0), 6)
            a, b = math.floor(h), math.floor(w)
            for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
                share = (h - a if i else 1 - h + a) * (w - b if j else 1 - w + b)
                y[r, :, p, q] += share * x[image, :, min(a + i, 5), min(b + j, 6)]
    return y


@pytest.mark.parametrize("words, sizes", [
    ("pooled_h: 4 pooled_w: 2", (4, 2)),
    ("pooled_h: 1 pooled_w: 1", (1, 1)),
    ("pooled_h: 2 pooled_w: 4 pad_ratio: 0.25", (2, 4, 0.25)),
])
def test_each_sample(words, sizes):
    assert_allclose(run(build(line(words), X, ROIS), [X, ROIS])[0], naive(X, ROIS, *sizes),
                    rtol=1e-5, atol=1e-6)


def test_gradient():
    check_gradient(line("pooled_h: 2 pooled_w: 3"), X, ROIS)


def test_mistakes():
    with pytest.raises(ConfigError, match="at least 1"):
        build(line("pooled_h: 2"), X, ROIS)
