"""Average precision: what the rows of DetectionEvaluate come to over the batches of a test.

Of each class all detections are sorted by score. The first k of them have a precision, the right
ones / k, and a recall, the right ones / true boxes. ``ap_version`` says how one number is made of
that:

    11point      the mean, over recalls of 0, 0.1 ... 1, of the best precision at that recall or
                 above (VOC 2007)
    MaxIntegral  the area under the curve of the best precision from each detection on (VOC 2012,
                 ILSVRC)
    Integral     the sum of precision times the step in recall, as they are

The score is the mean over the classes. One of which nothing was found, or that has no true box,
counts as 0, as in SSD's source (util/bbox_util.cpp, solver.cpp). It computes in single precision,
and so does this: a recall of 7 in 10 does not reach 0.7 there.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array
from caffepy.errors import ConfigError, did_you_mean
from caffepy.layers.detection.ap_names import NAMES

DEFAULT = "Integral"
LEAST_STEP = 1e-6  # of recall


def eleven_points(precision: Array, recall: Array) -> float:
    reached = recall.astype(np.float64)
    best = [precision[reached >= point / 10].max(initial=0) for point in range(11)]
    return _sum(np.array(best[::-1], np.float32) / np.float32(11))


def max_integral(precision: Array, recall: Array) -> float:
    best = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(recall)
    return _sum(np.append((best[:-1] * _large(steps))[::-1], best[0] * recall[0]))


def integral(precision: Array, recall: Array) -> float:
    return _sum(precision * _large(np.diff(recall, prepend=np.float32(0))))


def _large(steps: Array) -> Array:
    return np.where(steps > LEAST_STEP, steps, np.float32(0))


def _sum(terms: Array) -> float:
    """In their order, in single precision."""
    return float(np.add.accumulate(terms, dtype=np.float32)[-1])


VERSIONS = dict(zip(NAMES, (eleven_points, max_integral, integral), strict=True))


class AveragePrecision:
    """A Tally of DetectionEvaluate's rows.

    Args:
        version: one of ``VERSIONS``; "" for SSD's default.

    Raises:
        ConfigError: there is no such version.
    """

    def __init__(self, version: str = "") -> None:
        version = version or DEFAULT
        if version not in VERSIONS:
            raise ConfigError("there is no such ap_version", found=version, field="ap_version",
                              allowed=", ".join(VERSIONS), fix=did_you_mean(version, VERSIONS))
        self.rule = version
        self._of_curve = VERSIONS[version]
        self._true: dict[int, int] = {}
        self._found: dict[int, list[Array]] = {}  # score, and whether it is right

    def add(self, values: Array) -> None:
        rows = np.trunc(values.reshape(-1, 5)).astype(np.int64)
        scores = values.reshape(-1, 5)[:, 2].astype(np.float32)
        heads = rows[:, 0] == -1
        for label, count in rows[heads, 1:3].tolist():
            self._true[label] = self._true.get(label, 0) + count
        # what found a difficult box that does not count is neither right nor wrong
        judged = ~heads & (rows[:, 3:] != 0).any(1)
        for label in np.unique(rows[judged, 1]).tolist():
            those = judged & (rows[:, 1] == label)
            self._found.setdefault(label, []).append(
                np.stack([scores[those], rows[those, 3]], 1))

    def counts(self) -> dict[int, int]:
        return dict(sorted(self._true.items()))

    def curve(self, label: int) -> tuple[Array, Array, Array]:
        count = self._true.get(label, 0)
        if label not in self._found or not count:
            nothing = np.zeros(0, np.float32)
            return nothing, nothing, nothing
        found = np.concatenate(self._found[label])
        found = found[np.argsort(-found[:, 0], kind="stable")]
        right = found[:, 1].cumsum(dtype=np.float64).astype(np.float32)
        return (right / np.arange(1, len(right) + 1, dtype=np.float32), right / np.float32(count),
                found[:, 0])

    def parts(self) -> dict[int, float]:
        return {label: self._one(label) for label in self.counts()}

    def _one(self, label: int) -> float:
        precision, recall, _ = self.curve(label)
        return self._of_curve(precision, recall) if len(recall) else 0.0

    def score(self) -> float:
        parts = self.parts()
        return sum(parts.values()) / len(parts) if parts else 0.0
