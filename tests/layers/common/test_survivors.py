"""Which boxes remain, against a loop over boxes."""

import numpy as np
import pytest

from caffepy.layers.common import _survivors
from caffepy.layers.common._survivors import survivors


def near(box, other):
    """Points cover others that are less than their reach away: not the same in both directions."""
    return np.abs(box[0] - other[0]) < box[1]


def naive(columns, there, most):
    remain = np.zeros(there.shape, bool)
    for row, kept in enumerate(remain):
        for i in np.flatnonzero(there[row]):
            if (most is None or kept.sum() < most) and not any(
                    near(columns[:, row, k], columns[:, row, i]) for k in np.flatnonzero(kept)):
                kept[i] = True
    return remain


@pytest.mark.parametrize("most", [None, 1, 7, 30])
@pytest.mark.parametrize("sets, boxes", [(1, 300), (3, 70), (5, 9), (2, 1), (0, 4), (2, 0)])
def test_survivors(sets, boxes, most, monkeypatch):
    rng = np.random.default_rng(boxes)
    columns = np.stack([rng.uniform(0, 1, (sets, boxes)), rng.uniform(0, 0.02, (sets, boxes))])
    for share in (1, 0.6, 0):
        there = rng.uniform(size=(sets, boxes)) < share
        before = columns.copy(), there.copy()
        found = survivors(columns, there, near, most)
        assert np.array_equal(found, naive(columns, there, most))
        monkeypatch.setattr(_survivors, "AT_ONCE", 1)  # few at a time, or many
        assert np.array_equal(survivors(columns, there, near, most), found)
        monkeypatch.undo()
        assert np.array_equal(columns, before[0]) and np.array_equal(there, before[1])
