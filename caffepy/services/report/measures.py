"""What a table of confusions comes to: how much of each class is found, how much of what is found
is right, and how well the two overlap.

Of class c let TP be the positions that are c and taken for c, FN those that are c and taken for
another, FP those of others taken for c. Then

    recall     TP / (TP + FN), the accuracy of the class
    precision  TP / (TP + FP)
    F1         2 TP / (2 TP + FP + FN), the harmonic mean of both
    IoU        TP / (TP + FP + FN), intersection over union

A macro mean goes over the classes that occur, as truth or as answer, and counts 0 / 0 as 0, as
scikit-learn does. A micro mean takes TP, FP and FN of all classes together; where each position has
one answer all micro means are the accuracy. Of segmentation the four numbers are those of Long et
al. 2015, arXiv:1411.4038, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
TOP_K = (1, 2, 3, 5, 10)  # answers among which the truth may be


@dataclass(frozen=True)
class Measures:
    """Of each class; not a number where there is nothing to divide by.

    Attributes:
        occurs: whether it is truth or answer anywhere.
    """

    recall: Array
    precision: Array
    f1: Array
    iou: Array
    occurs: Array

    @staticmethod
    def of(table: Array) -> Measures:
        """Of how often a class (row) was taken for a class (column)."""
        right, truth, answers = table.diagonal(), table.sum(1), table.sum(0)
        both = truth + answers
        return Measures(_parts(right, truth), _parts(right, answers), _parts(2 * right, both),
                        _parts(right, both - right), both > 0)

    def macro(self, values: Array) -> float:
        """The mean over the classes that occur; 0 if none does."""
        return float(np.nan_to_num(values[self.occurs]).mean()) if self.occurs.any() else 0.0

    def means(self, table: Array) -> dict[str, dict[str, float]]:
        """Precision, recall and F1 as macro and as micro means."""
        micro = float(table.trace() / max(int(table.sum()), 1))
        return {"macro": {name: self.macro(getattr(self, name))
                          for name in ("precision", "recall", "f1")},
                "micro": dict.fromkeys(("precision", "recall", "f1"), micro)}

    def segmentation(self, table: Array) -> dict[str, float]:
        """Pixel accuracy, mean accuracy (over the classes that are truth), mean IoU (over those
        that occur) and IoU weighted by how often a class is truth."""
        positions, truth = max(int(table.sum()), 1), table.sum(1)
        accuracies = self.recall[truth > 0]
        return {"pixel_accuracy": float(table.trace() / positions),
                "mean_accuracy": float(accuracies.mean()) if len(accuracies) else 0.0,
                "mean_iou": self.macro(self.iou),
                "frequency_weighted_iou": float((truth * np.nan_to_num(self.iou)).sum()
                                                / positions)}


def _parts(some: Array, whole: Array) -> Array:
    return np.divide(some, whole, out=np.full(len(some), np.nan), where=whole > 0)


def top_k(ranks: Array, also: int = 1) -> dict[int, float]:
    """The share of positions whose truth is among the k best answers.

    Args:
        ranks: how often the truth was the first, the second ... best, of shape (classes,).
        also: a k besides ``TOP_K``.
    """
    shares = ranks.cumsum() / max(int(ranks.sum()), 1)
    return {k: float(shares[k - 1]) for k in sorted({*TOP_K, also}) if k == 1 or k < len(ranks)}
