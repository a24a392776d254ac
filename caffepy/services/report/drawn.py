"""The charts of a report that are no curves: confidence, overlap of classes, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import opencv
from caffepy.services.report.calibration import Calibration
from caffepy.services.report.chart import Chart
from caffepy.services.report.confusion import RIGHT, WRONG
from caffepy.services.report.numbers import NumberJudge
from caffepy.services.sheets.palette import color_of
from caffepy.services.sheets.words import INK, PAPER, shortened, text, width_of

Array = NDArray[Any]

SIDE = 380  # pixels of a frame of which two stand side by side
PALE = (225, 205, 170)
BAR, ACROSS, LISTED = 18, 360, 60  # of bars by class: pixels down and across, how many
OUTPUT_COLORS = 8  # outputs that are told apart by colour
HISTOGRAM = 41  # bins of residuals


def calibration(found: Calibration, title: str) -> Array:
    """Accuracy by confidence beside how many answers are so sure."""
    bins = len(found.counts)
    edges = np.arange(bins + 1) / bins
    chart = Chart(title, words=("confidence", "accuracy"), size=(SIDE, SIDE))
    chart.bars(edges, found.accuracy, PALE)
    chart.line([0, 1], [0, 1], (150, 150, 150), 1)
    full = found.counts > 0
    chart.line(found.confidence[full], found.accuracy[full], RIGHT)
    chart.dots(found.confidence[full], found.accuracy[full], RIGHT, 4)
    shares = found.counts / max(int(found.counts.sum()), 1)
    counts = Chart("share of the answers", y=(0, float(max(shares.max(), 1e-9)) * 1.05),
                   words=("confidence", ""), size=(SIDE, SIDE))
    counts.bars(edges, shares, RIGHT)
    return np.concatenate([chart.page, counts.page], 1)


def by_class(values: Array, names: Sequence[str], title: str) -> Array:
    """A bar for each class, 0 to 1; those that are no number are left out."""
    cv2 = opencv.load()

    shown = [i for i in range(len(values)) if not np.isnan(values[i])]
    rows = shown[:LISTED]
    left = 24 + max([width_of(shortened(names[i], 180)) for i in rows], default=0)
    page = np.full((34 + BAR * (len(rows) + (len(shown) > LISTED)) + 12, left + ACROSS + 60, 3),
                   PAPER, np.uint8)
    text(page, title, 12, 18)
    for row, i in enumerate(rows):
        y = 34 + BAR * row
        words = shortened(names[i], 180)
        text(page, words, left - 8 - width_of(words), y + 12)
        end = left + round(float(values[i]) * ACROSS)
        for right, color in ((left + ACROSS, (240, 240, 240)), (end, RIGHT)):
            if right > left:
                cv2.rectangle(page, (left, y + 3), (right, y + BAR - 3), color, cv2.FILLED)
        text(page, f"{values[i]:.3f}", left + ACROSS + 8, y + 12, INK)
    if len(shown) > LISTED:
        text(page, f"and {len(shown) - LISTED} more", left, 34 + BAR * len(rows) + 12)
    return page


def residuals(found: NumberJudge, title: str) -> Array:
    """Answers over truths, and how the residuals are spread."""
    truth, answer = found.drawn()
    known = np.isfinite(truth).all(1) & np.isfinite(answer).all(1)
    truth, answer = truth[known], answer[known]
    both = np.concatenate([truth.reshape(-1), answer.reshape(-1), [0.0] * (not truth.size)])
    low, high = float(both.min()), float(both.max())
    margin = (high - low) * 0.03
    reach = low - margin, high + margin
    chart = Chart(title, reach, reach, ("truth", "answer"), (SIDE, SIDE))
    for output in reversed(range(truth.shape[1])):
        color = color_of(output + 1 if truth.shape[1] <= OUTPUT_COLORS else 1)
        chart.dots(truth[:, output], answer[:, output], color)
    chart.line(reach, reach, (120, 120, 120), 1)
    if 1 < truth.shape[1] <= OUTPUT_COLORS:
        for output in range(truth.shape[1]):
            chart.name(f"output {output}", color_of(output + 1))
    apart = (answer - truth).reshape(-1)
    most = float(np.abs(apart).max()) if apart.size else 0.0
    counts, edges = np.histogram(apart, HISTOGRAM, (-most or -0.5, most or 0.5))
    shares = counts / max(apart.size, 1)
    each = f", {truth.shape[1]} outputs of each" if truth.shape[1] > 1 else ""
    spread = Chart(f"residuals: {len(truth)} items{each}", (float(edges[0]), float(edges[-1])),
                   (0, float(max(shares.max(), 1e-9)) * 1.05),
                   ("answer - truth", "share"), (SIDE, SIDE))
    spread.bars(edges, shares, WRONG)
    return np.concatenate([chart.page, spread.page], 1)
