"""Overlaps of boxes in pixels, and what is left of them."""

import numpy as np
from numpy.testing import assert_allclose

from caffepy.layers.regions._suppress import kept, overlaps

BOXES = np.array([[0, 0, 9, 9], [0, 0, 9, 4], [5, 0, 14, 9], [9, 9, 9, 9], [10, 10, 12, 12],
                  [9.5, 9.5, 20, 20]])


def test_overlaps_count_both_ends():
    columns = np.vstack([BOXES.T, (BOXES[:, 2:] - BOXES[:, :2] + 1).prod(axis=1)])
    assert_allclose(overlaps(columns[:, :1], columns), [1, 0.5, 50 / 150, 0.01, 0, 0])


def test_better_boxes_stay():
    assert kept(BOXES, 0.4, 9) == [0, 2, 3, 4, 5]
    assert kept(BOXES, 0.5, 9) == [0, 1, 2, 3, 4, 5], "as much as the threshold may stay"
    assert kept(BOXES, 0.005, 9) == [0, 4]
    assert kept(BOXES, 1, 2) == [0, 1]
    assert kept(BOXES[:0], 0.5, 9) == []
