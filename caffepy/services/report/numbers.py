"""What a net answers where the truth is a number: regression.

With residuals r = answer - truth over n items, of each output

    MAE = mean |r|    RMSE = sqrt(mean r^2)    bias = mean r
    R2 = 1 - sum r^2 / sum (truth - its mean)^2

which is 1 of a net that is always right, and 0 of one that always says the mean. Of all outputs
together the sums go over all of them, each about its own mean (scikit-learn's "variance_weighted").
Sums are kept in float64, the spread of the truth by Chan, Golub and LeVeque's rule for parts, so
that the memory does not grow with the items; a fixed share of the items is kept to be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import draws
from caffepy.services.report.judging import WORST, Records
from caffepy.services.report.pairs import Pair
from caffepy.services.report.ranking import thinned
from caffepy.services.report.seen import Seen
from caffepy.services.report.worst import Worst

Array = NDArray[Any]
DRAWN = 4096  # items whose outputs are drawn
OUTPUTS = 16  # of an item, that are shown and drawn: evenly taken where there are more


@dataclass
class Residual:
    """An item that is far off.

    Attributes:
        error: the root of the mean square of its residuals; the larger, the worse.
        number: which record it was.
        truth, answer: its outputs, those that are shown.
        picture: H x W x 3 bytes in OpenCV's order, or None.
    """

    error: float
    number: int
    truth: Array
    answer: Array
    picture: Array | None = field(repr=False)
    name: str = ""


class NumberJudge(Records):
    """Looks at numbers after each forward.

    Attributes:
        absolute, square, total_residual: sums of |r|, r^2 and r of each output.
        mean, spread: of the truths of each output, the mean and the sum of squares about it.
        shown: which outputs are shown.
        worst: the items that are farthest off, WORST at most.
    """

    def __init__(self, pair: Pair, seen: Seen | None, total: int | None) -> None:
        super().__init__(pair, seen, total)
        outputs = pair.truth.count // max(self.batch, 1)
        self.absolute, self.square, self.total_residual, self.mean, self.spread = np.zeros(
            (5, outputs))
        self.shown = thinned(outputs, OUTPUTS)
        self.worst: Worst[Residual] = Worst(WORST, seen)
        self._drawn: list[tuple[float, int, Array, Array]] = []  # key, number, truth, answer

    def look(self) -> None:
        """Judge the batch that was just run; items that come for the second time are left out."""
        n = self.new()
        if not n:
            return
        answer, truth = (values.reshape(self.batch, -1)[:n].astype(np.float64)
                         for values in self.read())
        residual = answer - truth
        self.absolute += np.abs(residual).sum(0)
        self.square += np.square(residual).sum(0)
        self.total_residual += residual.sum(0)
        mean = truth.mean(0)
        apart, whole = mean - self.mean, self.count + n
        self.spread += np.square(truth - mean).sum(0) + np.square(apart) * self.count * n / whole
        self.mean += apart * n / whole
        for i, error in enumerate(np.sqrt(np.square(residual).mean(1))):
            number = self.count + i
            badness = (float(error) if np.isfinite(error) else np.inf,)
            if error != 0 and self.worst.takes(badness, number):
                self.worst.keep(badness, Residual(
                    float(error), number, truth[i, self.shown], answer[i, self.shown],
                    self.seen.picture(i) if self.seen else None))
        self._draw(truth[:, self.shown], answer[:, self.shown])
        self.count += n

    def _draw(self, truth: Array, answer: Array) -> None:
        """Keep the items whose keys are the smallest; the key hangs on the number alone."""
        numbers = np.arange(self.count, self.count + len(truth), dtype=np.uint64)
        keys = (numbers + np.uint64(1)) * np.uint64(draws.STEP)
        self._drawn += zip(  # copies: a view would keep its whole batch
            keys.tolist(), numbers.tolist(), map(np.copy, truth), map(np.copy, answer), strict=True)
        if len(self._drawn) > 2 * DRAWN:
            self._drawn = sorted(self._drawn, key=lambda item: item[0])[:DRAWN]

    def drawn(self) -> tuple[Array, Array]:
        """Truths and answers of up to DRAWN items, (items, outputs)."""
        chosen = sorted(self._drawn, key=lambda item: item[0])[:DRAWN]
        chosen.sort(key=lambda item: item[1])
        truth, answer = (np.array([item[side] for item in chosen]).reshape(-1, len(self.shown))
                         for side in (2, 3))
        return truth, answer

    def outputs(self) -> list[dict[str, float | None]]:
        """MAE, RMSE, bias and R2 of each output."""
        n = max(self.count, 1)
        return [_numbers(absolute / n, square / n, bias / n, square, spread) for
                absolute, square, bias, spread in zip(
                    self.absolute, self.square, self.total_residual, self.spread, strict=True)]

    def whole(self) -> dict[str, float | None]:
        """Of all outputs together."""
        n = max(self.count * len(self.mean), 1)
        square = self.square.sum()
        return _numbers(self.absolute.sum() / n, square / n, self.total_residual.sum() / n,
                        square, self.spread.sum())


def _numbers(mae: float, square: float, bias: float, residual: float, spread: float
             ) -> dict[str, float | None]:
    return {"mae": float(mae), "rmse": float(np.sqrt(square)), "bias": float(bias),
            "r2": float(1 - residual / spread) if spread > 0 else None}
