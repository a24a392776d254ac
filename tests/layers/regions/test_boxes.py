"""Faster R-CNN's boxes in pixels: overlaps, suppression, deltas."""

import numpy as np
from numpy.testing import assert_allclose

from caffepy.layers.regions.boxes import clipped, deltas, kept, moved, table

BOXES = np.array([[0, 0, 9, 9], [0, 0, 9, 4], [5, 0, 14, 9], [9, 9, 9, 9], [10, 10, 12, 12],
                  [9.5, 9.5, 20, 20]])


def naive(a, b):
    """As R-CNN's own code does it: a share of a pixel that both may claim counts."""
    w, h = (min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1 for i in (0, 1))
    area = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b)]
    return w * h / (sum(area) - w * h) if w > 0 and h > 0 else 0


def test_overlaps():
    assert_allclose(table(BOXES[:1], BOXES), [[1, 0.5, 50 / 150, 0.01, 0, 0.25 / 231.0]], rtol=1e-2)
    rng = np.random.default_rng(1)
    corner = rng.uniform(0, 30, (40, 2))
    boxes = np.hstack([corner, corner + rng.uniform(0, 20, (40, 2))])
    assert_allclose(table(boxes, boxes[:7]), [[naive(a, b) for b in boxes[:7]] for a in boxes])
    assert table(BOXES, BOXES[:0]).shape == (6, 0) and table(BOXES[:0], BOXES).shape == (0, 6)


def test_better_boxes_stay():
    assert kept(BOXES, 0.4) == [0, 2, 3, 4, 5]
    assert kept(BOXES, 0.5) == [0, 1, 2, 3, 4, 5], "as much as the threshold may stay"
    assert kept(BOXES, 0.005) == [0, 4]
    assert kept(BOXES, 1, 2) == [0, 1] and kept(BOXES, 1, 0) == []
    assert kept(BOXES[:0], 0.5) == []


def test_boxes_are_moved_to_where_deltas_say():
    boxes, wanted = BOXES[[0, 2, 5]], BOXES[[2, 1, 0]]
    assert_allclose(deltas(BOXES[:1], BOXES[1:2]), [[0, -0.25, 0, np.log(0.5)]])
    assert_allclose(moved(boxes, deltas(boxes, wanted)), wanted + [0, 0, 1, 1], atol=1e-12)


def test_boxes_are_cut_to_the_picture():
    assert clipped(np.array([[-3.0, 2, 30, 12], [25, -9, 40, -2]]), 10, 20).tolist() == [
        [0, 2, 19, 9], [19, 0, 19, 0]]
