import numpy as np
from numpy.testing import assert_allclose

from caffepy.layers.yolo._cells import overlap, suppress


def test_overlap():
    a = np.array([0.5, 0.5, 0.4, 0.4])
    others = np.array([[0.5, 0.5, 0.4, 0.4], [0.7, 0.5, 0.4, 0.4], [0.5, 0.5, 0.2, 0.2],
                       [0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0, 0]])
    assert_allclose(overlap(np, a, others), [1, 1 / 3, 1 / 4, 0, 0], atol=1e-9)


def test_suppress():
    boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.52, 0.5, 0.4, 0.4], [0.7, 0.5, 0.4, 0.4],
                      [0.1, 0.1, 0.1, 0.1]])
    assert suppress(np, boxes, 0.5) == [0, 2, 3]
    assert suppress(np, boxes, 0.3) == [0, 3]
    assert suppress(np, boxes[:0], 0.3) == []
