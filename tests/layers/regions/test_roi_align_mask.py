"""Mask R-CNN's ROIAlign, one sample at a time."""

import logging
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

X = random(2, 3, 6, 7)
ROIS = [[0, 0, 0, 27, 23], [1, 4.5, 5, 9, 9], [1, -6, -7, 12, 50], [0, 40, 40, 60, 60],
        [1, 8, 8, 2, 20]]
LINE = 'type: "ROIAlign" roi_align_param { spatial_scale: 0.25 %s }'


def naive(x, rois, ph, pw, samples):
    y = np.zeros((len(rois), x.shape[1], ph, pw))
    for r, (image, *box) in enumerate(rois):
        x1, y1, x2, y2 = (corner * 0.25 for corner in box)
        bin_w, bin_h = max(x2 - x1, 1) / pw, max(y2 - y1, 1) / ph
        across, down = (samples, samples) if samples > 0 else (math.ceil(bin_w), math.ceil(bin_h))
        for p, q, i, j in np.ndindex(ph, pw, down, across):
            h, w = y1 + (p + (i + 0.5) / down) * bin_h, x1 + (q + (j + 0.5) / across) * bin_w
            if not (-1 <= h <= 6 and -1 <= w <= 7):
                continue
            h, w = min(max(h, 0), 5), min(max(w, 0), 6)
            a, b = math.floor(h), math.floor(w)
            for k, m in np.ndindex(2, 2):
                share = (h - a if k else 1 - h + a) * (w - b if m else 1 - w + b)
                y[r, :, p, q] += share * x[image, :, min(a + k, 5), min(b + m, 6)] / (across * down)
    return y


@pytest.mark.parametrize("words, sizes", [
    ("pooled_h: 4 pooled_w: 2 sampling_ratio: 2", (4, 2, 2)),
    ("pooled_h: 1 pooled_w: 1 sampling_ratio: -1", (1, 1, -1)),
    ("pooled_h: 2 pooled_w: 3", (2, 3, -1)),
    ("pooled_h: 3 pooled_w: 2 sampling_ratio: 1", (3, 2, 1)),
])
def test_each_sample(words, sizes):
    assert_allclose(run(build(LINE % words, X, ROIS), [X, ROIS])[0], naive(X, ROIS, *sizes),
                    rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ratio", [2, -1])
def test_gradient(ratio):
    check_gradient(LINE % f"pooled_h: 2 pooled_w: 3 sampling_ratio: {ratio}", X, ROIS)


def test_without_regions_there_is_nothing():
    layer, bottom, top = build(LINE % "pooled_h: 2 pooled_w: 3 sampling_ratio: 2", X, (0, 5))
    layer.forward(bottom, top)
    assert top[0].shape == (0, 3, 2, 3)
    layer.backward(top, [True, False], bottom)
    assert not bottom[0].diff.any()


@pytest.mark.parametrize("words, warned", [("", True), ("sampling_ratio: -1", False)])
def test_other_ports_numbers_are_warned_of(words, warned, caplog):
    with caplog.at_level(logging.WARNING, logger="caffepy"):
        build(LINE % f"pooled_h: 2 pooled_w: 2 {words}", X, ROIS)
    assert ("old ports of it" in caplog.text) == warned


def test_mistakes():
    with pytest.raises(ConfigError, match="at least 1"):
        build(LINE % "pooled_h: 2 sampling_ratio: 2", X, ROIS)
