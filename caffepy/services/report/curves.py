"""Curves, one for each class: precision over recall, and how many positives are found for how many
that are none (ROC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.report.chart import GRID, Chart, names_of
from caffepy.services.sheets.palette import color_of

Array = NDArray[Any]


@dataclass
class Curve:
    """A class's precision at its recalls, and what comes of it."""

    label: int
    name: str
    score: float
    precision: Array
    recall: Array


@dataclass
class Roc:
    """A class's shares of positives and of negatives above thresholds, from (0, 0) to (1, 1)."""

    label: int
    name: str
    score: float
    true_positives: Array
    false_positives: Array


def picture(curves: Sequence[Curve], title: str) -> Array:
    """H x W x 3 bytes in OpenCV's order. The best classes come first in the list of names."""
    chart = Chart(title, words=("recall", "precision"), names=True)
    order = sorted(range(len(curves)), key=lambda i: -curves[i].score)
    for i in reversed(order):  # the best lie above the others
        curve = curves[i]
        if len(curve.recall):  # from the left edge, at the precision that the first one has
            chart.line(np.insert(curve.recall, 0, 0.0),
                       np.insert(curve.precision, 0, curve.precision[0]), color_of(curves[i].label))
    names_of(chart, [(f"{curves[i].score:.3f}  {curves[i].name}", color_of(curves[i].label))
                     for i in order])
    return chart.page


def roc_picture(curves: Sequence[Roc], title: str) -> Array:
    """The same of ROC curves; a net that knows nothing lies on the diagonal."""
    chart = Chart(title, words=("false positives", "true positives"), names=True)
    chart.line([0, 1], [0, 1], GRID, 1)
    order = sorted(range(len(curves)), key=lambda i: -curves[i].score)
    for i in reversed(order):
        chart.line(curves[i].false_positives, curves[i].true_positives, color_of(curves[i].label))
    names_of(chart, [(f"{curves[i].score:.3f}  {curves[i].name}", color_of(curves[i].label))
                     for i in order])
    return chart.page
