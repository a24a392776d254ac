"""The running mean of a curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Array = Any


def running_mean(values: Sequence[float] | Array, reach: int) -> Array:
    """The mean around each value, of those up to ``reach`` before and behind it; at the beginning
    both sides are alike, so that the first steep fall is not blurred. What is no number or
    infinite does not count; where nothing counts the mean is nan.

    Returns: as many float64 as there are values.
    """
    import numpy as np  # here, since plot's --help reads this module and must be quick

    y = np.asarray(values, np.float64)
    counted = np.isfinite(y)
    sums = np.concatenate([[0.0], np.cumsum(np.where(counted, y, 0.0))])
    counts = np.concatenate([[0], np.cumsum(counted)])
    at = np.arange(y.size)
    near = np.minimum(reach, at)
    low, high = at - near, np.minimum(at + near + 1, y.size)
    count = counts[high] - counts[low]
    return np.where(count > 0, (sums[high] - sums[low]) / np.maximum(count, 1), np.nan)
