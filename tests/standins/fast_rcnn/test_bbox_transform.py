"""py-faster-rcnn's names for the arithmetic of boxes."""

import numpy as np
from numpy.testing import assert_allclose

from caffepy.standins.fast_rcnn.bbox_transform import (
    bbox_transform,
    bbox_transform_inv,
    clip_boxes,
)
from caffepy.standins.fast_rcnn.nms_wrapper import nms
from caffepy.standins.utils.cython_bbox import bbox_overlaps

BOXES = np.array([[0, 0, 9, 9], [0, 0, 9, 4], [20, 5, 29, 34.0]])


def test_there_and_back():
    steps = bbox_transform(BOXES[:2], BOXES[1:])
    assert_allclose(steps, [[0, -0.25, 0, np.log(0.5)], [2, 3.5, 0, np.log(6)]])
    assert_allclose(bbox_transform_inv(BOXES[:2], steps), BOXES[1:] + [0, 0, 1, 1], atol=1e-9)


def test_boxes_of_several_classes():
    steps = np.array([[0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0, 0]], np.float32)
    found = bbox_transform_inv(BOXES[:2], steps)
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 0, 10, 10, 10, 0, 20, 10], [0, 0, 10, 5, 0, 5, 10, 10]]
    assert bbox_transform_inv(BOXES[:0], steps[:0]).shape == (0, 8)
    assert clip_boxes(found - 1, (8, 16)).tolist() == [
        [0, 0, 9, 7, 9, 0, 15, 7], [0, 0, 9, 4, 0, 4, 9, 7]]


def test_suppression_and_overlaps():
    scores = np.array([[0.2], [0.9], [0.5]])
    assert nms(np.hstack([BOXES, scores]), 0.4) == [1, 2]
    assert nms(np.hstack([BOXES, scores]), 0.5, force_cpu=True) == [1, 2, 0]
    assert bbox_overlaps(BOXES, BOXES[:1]).tolist() == [[1], [0.5], [0]]
