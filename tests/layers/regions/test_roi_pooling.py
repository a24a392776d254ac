"""ROIPooling against a walk through the cells of each bin."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, DataError, ShapeError

X = random(2, 3, 6, 7)
ROIS = [[0, 0, 0, 27, 23], [1, 4, 5, 9, 9], [1, -6, -7, 12, 50], [0, 30, 30, 60, 60],
        [1, 8, 8, 2, 2]]


def line(words):
    return f'type: "ROIPooling" roi_pooling_param {{ spatial_scale: 0.25 {words} }}'


def naive(x, rois, ph, pw, ratio=0.0, shift=0.0):
    """The largest cell of each bin, one at a time."""

    def whole(value):
        return int(math.copysign(math.floor(abs(value) + 0.5), value))

    y = np.zeros((len(rois), x.shape[1], ph, pw), np.float32)
    for r, (image, *box) in enumerate(rois):
        pad = [(box[2 + i] - box[i] + 1) * ratio for i in (0, 1)]
        start = [whole((box[i] - pad[i]) * 0.25 + shift) for i in (0, 1)]
        size = [max(1, whole((box[2 + i] + pad[i]) * 0.25 + shift) - start[i] + 1) for i in (0, 1)]
        for p, q in np.ndindex(ph, pw):
            cells = [(h, w)
                     for h in range(start[1] + math.floor(p * size[1] / ph),
                                    start[1] + math.ceil((p + 1) * size[1] / ph))
                     for w in range(start[0] + math.floor(q * size[0] / pw),
                                    start[0] + math.ceil((q + 1) * size[0] / pw))
                     if 0 <= h < x.shape[2] and 0 <= w < x.shape[3]]
            if cells:
                y[r, :, p, q] = np.max([x[image, :, h, w] for h, w in cells], axis=0)
    return y


@pytest.mark.parametrize("words, sizes", [
    ("pooled_h: 3 pooled_w: 2", (3, 2)),
    ("pooled_h: 1 pooled_w: 1", (1, 1)),
    ("pooled_h: 8 pooled_w: 8", (8, 8)),
    ("pooled_size: 2", (2, 2)),
    ("pooled_size: 3 pooled_size: 4", (3, 4)),
    ("pooled_h: 2 pooled_w: 2 pad_ratio: 0.25", (2, 2, 0.25)),
    ("pooled_h: 2 pooled_w: 2 spatial_shift: -0.75", (2, 2, 0, -0.75)),
])
@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_each_bin(words, sizes, phase):
    y, = run(build(line(words), X, ROIS, phase=phase), [X, ROIS])
    assert_array_equal(y, naive(np.float32(X), ROIS, *sizes))


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_gradient(phase):
    x = np.arange(X.size).reshape(X.shape) * 7 % X.size * 0.1  # no two are near
    check_gradient(line("pooled_h: 2 pooled_w: 3"), x, ROIS, phase=phase)


def test_of_equal_cells_the_first_gets_the_gradient():
    layer, bottom, top = build(line("pooled_h: 1 pooled_w: 1"), np.ones((1, 1, 3, 3)),
                               [[0, 4, 4, 11, 11]])
    layer.forward(bottom, top)
    top[0].diff[...] = 2
    layer.backward(top, [True, False], bottom)
    expected = np.zeros((3, 3))
    expected[1, 1] = 2
    assert_array_equal(bottom[0].diff[0, 0], expected)


def test_what_is_no_number_never_wins():
    x = np.array([[[[np.nan, 2, 3, np.nan]]]])
    y, = run(build(line("pooled_h: 1 pooled_w: 2"), x, [[0, 0, 0, 12, 3]]),
             [x, [[0, 0, 0, 12, 3]]])
    assert_array_equal(y.ravel(), [2, 3])


def test_older_shapes_of_rois():
    rois = np.array(ROIS).reshape(5, 5, 1, 1)
    words = line("pooled_h: 2 pooled_w: 2")
    assert_array_equal(run(build(words, X, rois), [X, rois])[0],
                       run(build(words, X, ROIS), [X, ROIS])[0])


def test_mistakes():
    with pytest.raises(ConfigError, match="at least 1"):
        build(line("pooled_h: 2"), X, ROIS)
    with pytest.raises(ConfigError, match="given once, or for height and width"):
        build(line("pooled_size: [2, 2, 2]"), X, ROIS)
    words = line("pooled_h: 2 pooled_w: 2")
    with pytest.raises(ShapeError, match="rows of 5"):
        build(words, X, (2, 4))
    with pytest.raises(ShapeError, match="4 axes"):
        build(words, (2, 3), ROIS)
    with pytest.raises(DataError, match="roi 1 is of an image that is not in the batch") as told:
        rois = [ROIS[0], [2, 0, 0, 5, 5]]
        run(build(words, X, rois), [X, rois])
    assert "0 to 1" in str(told.value)


def test_no_rois_at_all():
    layer, bottom, top = build(line("pooled_h: 2 pooled_w: 2"), X, np.zeros((0, 5)))
    layer.forward(bottom, top)
    layer.backward(top, [True, False], bottom)
    assert top[0].shape == (0, 3, 2, 2) and not bottom[0].diff.any()
