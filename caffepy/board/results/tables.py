"""A table of confusion: truths by row, answers by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_CLASSES = 60  # whose table is shown whole; of more, the classes that are confused most
STEPS = 8          # shades


@dataclass(frozen=True)
class ClassRow:
    """One class.

    Attributes:
        count: how often it was the truth; ``answers``: the answer; ``right``: both.
        recall, precision, f1: 0 to 1, None where there is nothing to divide by.
    """

    label: int
    name: str
    count: int
    answers: int
    right: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class Cell:
    """One count; ``shade`` 0 for none to STEPS, of its row's share."""

    answer: int
    count: int
    shade: int
    right: bool


@dataclass(frozen=True)
class Row:
    """The answers for one truth."""

    truth: int
    name: str
    cells: list[Cell]


def classes(table: Array, names: Sequence[str]) -> list[ClassRow]:
    """Each class's counts and shares."""
    truth, answers, right = table.sum(1), table.sum(0), table.diagonal()
    found = []
    for label, name in enumerate(names):
        recall = _share(right[label], truth[label])
        precision = _share(right[label], answers[label])
        f1 = _share(2 * right[label], truth[label] + answers[label])
        found.append(ClassRow(label, name, int(truth[label]), int(answers[label]),
                              int(right[label]), recall, precision, f1))
    return found


def rows(table: Array, names: Sequence[str]) -> tuple[list[str], list[Row]]:
    """Heads and rows of what is shown: of many classes those that are confused most."""
    kept = shown(table)
    found = []
    for truth in kept:
        total = max(1, int(table[truth].sum()))
        cells = [Cell(answer, int(table[truth, answer]),
                      int(np.ceil(STEPS * np.sqrt(table[truth, answer] / total))),
                      truth == answer) for answer in kept]
        found.append(Row(truth, names[truth], cells))
    return [names[label] for label in kept], found


def shown(table: Array) -> list[int]:
    """The classes that a table shows."""
    if len(table) <= MOST_CLASSES:
        return list(range(len(table)))
    off = table - np.diag(table.diagonal())
    order = np.argsort(-(off.sum(0) + off.sum(1)), kind="stable")[:MOST_CLASSES]
    return sorted(map(int, order))


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
