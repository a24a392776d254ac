"""Whether a net is as often right as it says: its confidence held against its accuracy.

The confidence of an answer is its probability. Answers are put into M bins of equal width,
((m - 1) / M, m / M]; acc(m) is the share of bin m's answers that are right, conf(m) the mean of
their confidences. Of N answers, n(m) of them in bin m, the expected calibration error is

    ECE = sum over m of n(m) / N |acc(m) - conf(m)|

and the maximum calibration error the largest of these distances. Guo et al. 2017, arXiv:1706.04599,
section 2, with its 15 bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BINS = 15


class Calibration:
    """Counts answers by confidence.

    Attributes:
        counts, right: of each bin how many answers, and how many right ones.
        confidences: the sums of their confidences.
    """

    def __init__(self, bins: int = BINS) -> None:
        self.counts = np.zeros(bins, np.int64)
        self.right = np.zeros(bins, np.int64)
        self.confidences = np.zeros(bins)

    def add(self, confidence: Array, right: Array) -> None:
        """Answers, and which of them are right; a confidence that is no number is left out."""
        known = np.isfinite(confidence)
        confidence, right = confidence[known], right[known]
        bins = len(self.counts)
        at = np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)
        self.counts += np.bincount(at, minlength=bins)
        self.right += np.bincount(at[right], minlength=bins)
        self.confidences += np.bincount(at, confidence, bins)

    @property
    def accuracy(self) -> Array:
        """Of each bin; not a number where it is empty."""
        return self._means(self.right)

    @property
    def confidence(self) -> Array:
        """The mean of each bin; not a number where it is empty."""
        return self._means(self.confidences)

    @property
    def errors(self) -> tuple[float, float] | None:
        """Expected and maximum calibration error; None of no answers."""
        total = int(self.counts.sum())
        if not total:
            return None
        apart = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        return float((self.counts * apart).sum() / total), float(apart.max())

    def _means(self, sums: Array) -> Array:
        return np.divide(sums, self.counts, out=np.full(len(sums), np.nan), where=self.counts > 0)

    def result(self) -> dict[str, Any]:
        """What report.json has of it; bins without answers are left out."""
        expected, largest = self.errors or (None, None)
        edges = np.arange(len(self.counts) + 1) / len(self.counts)
        return {"expected_calibration_error": expected, "maximum_calibration_error": largest,
                "bins": [{"above": float(edges[m]), "upto": float(edges[m + 1]),
                          "count": int(self.counts[m]), "confidence": float(self.confidence[m]),
                          "accuracy": float(self.accuracy[m])}
                         for m in np.flatnonzero(self.counts)]}
