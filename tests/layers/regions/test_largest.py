"""The largest number of rectangles, against a search through each."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.layers.regions import _largest, _rois

RNG = np.random.default_rng(5)


def largest(x, image, rows, columns, remember=True):
    shape = (1, rows[0].shape[1], columns[0].shape[1], x.shape[3])
    values, cells = np.full(shape, 7, x.dtype), np.full(shape, 7, np.int32)
    _largest.largest(np, x, np.array([image]), rows, columns, values, cells if remember else None)
    return values, cells


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("at_once", [3, _rois.AT_ONCE])
def test_all_rectangles_of_a_map(dtype, at_once, monkeypatch):
    monkeypatch.setattr(_rois, "AT_ONCE", at_once)
    x = RNG.integers(-3, 4, (2, 5, 9, 3)).astype(dtype) / 3  # many are alike
    spans = [[(a, b) for a in range(n + 1) for b in range(n + 1)] for n in (5, 9)]
    rows, columns = ((np.array([[s[0] for s in span]]), np.array([[s[1] for s in span]]))
                     for span in spans)
    for image in (0, 1):
        values, cells = largest(x, image, rows, columns)
        alone, _ = largest(x, image, rows, columns, False)
        assert_array_equal(alone, values)
        for i, (top, low) in enumerate(spans[0]):
            for j, (left, right) in enumerate(spans[1]):
                part = x[image, top:low, left:right]
                if not part.size:
                    assert (values[0, i, j] == 0).all() and (cells[0, i, j] == -1).all()
                    continue
                flat = part.reshape(-1, 3)
                assert_array_equal(values[0, i, j], flat.max(0))
                h, w = np.unravel_index(flat.argmax(0), part.shape[:2])
                assert_array_equal(cells[0, i, j], (h + top) * 9 + w + left)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_all_kinds(dtype):
    """Zeros of either sign are equal; what is no number, or not above the lowest, never wins."""
    cells = [-0.0, 0.0, -1e-45, 1e-45, -np.inf, np.nan, 3.4e38, -3.4e38, _largest.LOWEST]
    x = np.array(cells, dtype).reshape(1, 1, -1, 1)
    ends = [(0, 2), (0, 3), (1, 4), (4, 6), (4, 7), (7, 8), (8, 9), (5, 6)]
    columns = tuple(np.array([[end[i] for end in ends]]) for i in (0, 1))
    rows = np.array([[0]]), np.array([[1]])
    values, won = largest(x, 0, rows, columns)
    assert won[0, 0, :, 0].tolist() == [0, 0, 3, -1, 6, 7, -1, -1]
    expected = np.array([0, 0, 1e-45, _largest.LOWEST, 3.4e38, -3.4e38, *[_largest.LOWEST] * 2])
    assert_array_equal(values[0, 0, :, 0], expected.astype(dtype))
    assert_array_equal(largest(x, 0, rows, columns, False)[0], values)
