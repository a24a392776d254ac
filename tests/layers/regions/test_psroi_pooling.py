"""PSROIPooling against a walk through the cells of each bin."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError, ShapeError

X = random(2, 12, 6, 7)
ROIS = [[0, 0, 0, 27, 23], [1, 4.4, 5.6, 9, 9], [1, -6, -7, 12, 50], [0, 40, 40, 60, 60],
        [1, 8, 8, 2, 2]]
LINE = ('type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.25 output_dim: 3 '
        "group_size: 2 }")


def naive(x, rois):
    y = np.zeros((len(rois), 3, 2, 2))
    for r, (image, *box) in enumerate(rois):
        start = [round(v) * 0.25 for v in box[:2]]
        step = [max((round(box[2 + i]) + 1) * 0.25 - start[i], 0.1) / 2 for i in (0, 1)]
        for c, p, q in np.ndindex(3, 2, 2):
            cells = [x[image, (c * 2 + p) * 2 + q, h, w]
                     for h in range(math.floor(p * step[1] + start[1]),
                                    math.ceil((p + 1) * step[1] + start[1]))
                     for w in range(math.floor(q * step[0] + start[0]),
                                    math.ceil((q + 1) * step[0] + start[0]))
                     if 0 <= h < 6 and 0 <= w < 7]
            y[r, c, p, q] = np.mean(cells) if cells else 0
    return y


def test_each_bin():
    assert_allclose(run(build(LINE, X, ROIS), [X, ROIS])[0], naive(X, ROIS), rtol=1e-5, atol=1e-6)


def test_gradient():
    check_gradient(LINE, X, ROIS)


def test_mistakes():
    with pytest.raises(ShapeError, match="3 \\* 2 \\* 2 = 12"):
        build(LINE, (2, 11, 6, 7), ROIS)
    with pytest.raises(ConfigError, match="above 0"):
        build(LINE.replace("0.25", "0"), X, ROIS)
    with pytest.raises(DataError, match="roi 0 is of an image"):
        run(build(LINE, X, [[-1, 0, 0, 1, 1]]), [X, [[-1, 0, 0, 1, 1]]])
