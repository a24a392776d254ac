"""What a net answers where each score is a question with yes or no: several marks of one item.

A score's sigmoid is the probability of yes, and the answer is yes above 0.5; a truth of 0.5 and
more is yes. Of each mark TP, FP, FN and TN are counted, and precision, recall and F1 taken of them
as in ``measures``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.services.report.calibration import Calibration
from caffepy.services.report.judging import RANKED, Records
from caffepy.services.report.measures import Measures
from caffepy.services.report.pairs import Pair
from caffepy.services.report.ranking import Ranking
from caffepy.services.report.seen import Seen

Array = NDArray[Any]


class MarkJudge(Records):
    """Looks at marks after each forward; they lie along axis 1, as classes do.

    Attributes:
        table: of each mark how often no and yes (rows) were taken for no and yes, (marks, 2, 2).
        rankings: how well the probability tells yes from no, of each mark where they are few.
        together: the same of all marks.
        calibration: of the answers' probabilities.
    """

    def __init__(self, pair: Pair, seen: Seen | None, total: int | None) -> None:
        super().__init__(pair, seen, total)
        marks = pair.answer.shape[1] if pair.answer.ndim > 1 else 1
        self.table = np.zeros((marks, 2, 2), np.int64)
        self.rankings = {mark: Ranking() for mark in range(marks if marks <= RANKED else 0)}
        self.together = Ranking()
        self.calibration = Calibration()
        ignore = getattr(pair.node.layer, "ignore_label", None)
        self.ignored = np.nan if ignore is None else float(ignore)

    def look(self) -> None:
        """Judge the batch that was just run; items that come for the second time are left out."""
        n, marks = self.new(), len(self.table)
        if not n:
            return
        scores, truths = (values.reshape(self.batch, marks, -1)[:n].astype(np.float64)
                          for values in self.read())
        counts = np.trunc(truths) != self.ignored
        with np.errstate(over="ignore"):
            probability = 1 / (1 + np.exp(-scores))
        yes, says = truths >= 0.5, probability > 0.5
        for mark in range(marks):
            some = counts[:, mark]
            pairs = 2 * yes[:, mark][some] + says[:, mark][some]
            self.table[mark] += np.bincount(pairs, minlength=4).reshape(2, 2)
            if mark in self.rankings:
                self.rankings[mark].add(probability[:, mark][some], yes[:, mark][some])
        self.together.add(probability[counts], yes[counts])
        sure = np.where(says, probability, 1 - probability)
        self.calibration.add(sure[counts], (says == yes)[counts])
        self.count += n

    @property
    def accuracy(self) -> float:
        """The share of all answers that are right."""
        return float(np.trace(self.table, axis1=1, axis2=2).sum() / max(self.table.sum(), 1))

    def of_yes(self, mark: int | None = None) -> dict[str, float]:
        """Precision, recall and F1 of yes, of a mark or of all together; 0 / 0 is 0."""
        found = Measures.of(self.table.sum(0) if mark is None else self.table[mark])
        return {name: float(np.nan_to_num(getattr(found, name)[1]))
                for name in ("precision", "recall", "f1")}
