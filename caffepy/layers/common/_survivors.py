"""Which boxes remain when each goes that a better one covers: of many sets of boxes at once.

Boxes go one after the other, but what the first few cover is found out for all in one go, and
those that are gone are looked at no more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from caffepy.core.memory import Array

AT_ONCE = 2**17  # pairs of boxes, whose numbers fit into a core's cache
Covers = Callable[[Array, Array], Array]


def survivors(columns: Array, there: Array, covers: Covers, most: int | None = None) -> Array:
    """Which boxes remain, as a mask (sets, boxes).

    Args:
        columns: what is to be known of boxes, (numbers, sets, boxes), in each set the best first.
        there: which of them are boxes at all, (sets, boxes).
        covers: of columns (numbers, ...) of boxes and of others, which are broadcast: whether the
            other goes if the box is there.
        most: how many may remain of each set; None for all.
    """
    remain = np.zeros(there.shape, bool)
    sets = np.arange(len(there))[:, None]
    index = np.broadcast_to(np.arange(there.shape[1]), there.shape)
    count = np.zeros(len(there), int)
    while True:
        # those that are open to the front, in order
        width = int(there.sum(1).max(initial=0))
        if not width:
            return remain
        order = np.argsort(~there, axis=1, kind="stable")[:, :width]
        there, index, columns = there[sets, order], index[sets, order], columns[:, sets, order]
        few = min(width, max(8, min(64, AT_ONCE // there.size)))
        first = columns[:, :, :few]
        stay = _one_by_one(covers(first[..., None], first[..., None, :]), there[:, :few])
        if most is not None:
            stay &= stay.cumsum(1) + count[:, None] <= most
            count += stay.sum(1)
            there = there & (count < most)[:, None]
        rows, places = np.nonzero(stay)
        remain[rows, index[rows, places]] = True
        there, index, columns = there[:, few:], index[:, few:], columns[:, :, few:]
        if there.shape[1]:
            there = there & ~_covered(first, stay, columns, covers)


def _one_by_one(table: Array, there: Array) -> Array:
    """Which of a few boxes remain: (sets, few), of the table of who covers whom."""
    stay = there.copy()
    for i in range(stay.shape[1] - 1):
        stay[:, i + 1 :] &= ~(table[:, i, i + 1 :] & stay[:, i, None])
    return stay


def _covered(first: Array, stay: Array, others: Array, covers: Covers) -> Array:
    """Which others one of the first covers that stays, (sets, others)."""
    if len(stay) == 1:
        first, stay = first[:, :, stay[0]], stay[:, stay[0]]
    table = covers(first[..., None], others[..., None, :])
    table &= stay[..., None]
    return np.asarray(table.any(1))
