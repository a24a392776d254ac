"""BoxAnnotatorOHEM."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build, random, run

from caffepy.errors import ConfigError, ShapeError

IMAGES = np.array([1, 0, 0, 1, 0, 2, 0])
ROIS = np.hstack([IMAGES[:, None], random(7, 4)])
LOSSES = np.array([0.5, 3, 1, 0.25, 2, 0.1, 4])
LABELS = np.arange(1, 8)
WEIGHTS = random(7, 8)


def line(words):
    return f'type: "BoxAnnotatorOHEM" box_annotator_ohem_param {{ {words} }}'


@pytest.mark.parametrize("words, chosen, ignored", [
    ("roi_per_img: 2", [0, 1, 3, 5, 6], -1),
    ("roi_per_img: 1 ignore_label: 255", [0, 5, 6], 255),
    ("roi_per_img: 9", range(7), -1),
])
def test_the_hardest_of_each_image(words, chosen, ignored):
    bottoms = [ROIS, LOSSES, LABELS, WEIGHTS]
    labels, weights = run(build(line(words), *bottoms), bottoms)
    assert labels.shape == (7, 1, 1, 1) and weights.shape == (7, 8, 1, 1)
    for i in range(7):
        assert labels[i].item() == (LABELS[i] if i in chosen else ignored)
        assert_array_equal(weights[i].ravel(), np.float32(WEIGHTS[i]) if i in chosen else 0)


def test_each_place_is_a_roi():
    """Of maps, as of rois with a height and a width."""
    losses = np.array([[[[1, 5], [3, 2]]], [[[4, 0], [7, 6]]]])
    rois = np.zeros((2, 5, 2, 2))
    rois[1, 0] = 1
    bottoms = [rois, losses, losses * 10, np.ones((2, 3, 2, 2))]
    labels, weights = run(build(line("roi_per_img: 2"), *bottoms), bottoms)
    assert_array_equal(labels[:, 0], [[[-1, 50], [30, -1]], [[-1, -1], [70, 60]]])
    assert_array_equal(weights, np.broadcast_to(labels > 0, weights.shape))


def test_of_equal_losses_the_first_stay():
    bottoms = [np.zeros((4, 5)), np.ones(4), np.arange(4), np.ones((4, 1))]
    labels, _ = run(build(line("roi_per_img: 2"), *bottoms), bottoms)
    assert_array_equal(labels.ravel(), [0, 1, -1, -1])


def test_mistakes():
    good = [ROIS, LOSSES, LABELS, WEIGHTS]
    with pytest.raises(ConfigError, match="at least 1"):
        build(line("roi_per_img: 0"), *good)
    for place, shape, told in ((0, (7, 4), "rows of 5"), (1, (6,), "losses"), (2, (7, 2), "labels"),
                               (3, (6, 8), "weights")):
        with pytest.raises(ShapeError, match=told):
            build(line("roi_per_img: 1"), *good[:place], shape, *good[place + 1 :])
