"""Records in rounds, each in an order of its own; and records drawn from several groups by weight.

    Rounds(key).index(place, total)             which of ``total`` records stands at a place
    Mixture(groups, mix, key).index(place)      the same, of groups

A mixture goes in blocks of about a thousand places. In each block a group has as many places as its
weight says (whole numbers: its share of a thousand, by largest remainders; equal weights get
equally many), and which they are is drawn for the block. What stands there are the group's records,
in rounds of its own. So shares are kept in every block, all that is drawn is a function of the key
and the place, and any place can be gone to at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from caffepy import log
from caffepy.data.draws import draws
from caffepy.errors import ConfigError

logger = log.get(__name__)

BLOCK = 1000  # places, about


class Group(NamedTuple):
    """Some of a source's records.

    Attributes:
        name: what errors call it.
        weight: how often its records come, beside other groups'.
        records: their indices; at least one.
    """

    name: str
    weight: float
    records: Sequence[int] | np.ndarray


class Rounds:
    """Args:
        key: each round has an order of its own, by this key; None: all have the records' own.
    """

    def __init__(self, key: int | None = None) -> None:
        self._key = key
        self._order: tuple[int, int, np.ndarray] | None = None  # round, records, their order

    def index(self, place: int, total: int) -> int:
        """Which of ``total`` records stands at a place."""
        turn, index = divmod(place, total)
        if self._key is None:
            return index
        if self._order is None or self._order[:2] != (turn, total):
            tickets = draws(self._key, turn * total + np.arange(total), 1 << 32)
            self._order = turn, total, np.argsort(tickets, kind="stable")
        return int(self._order[2][index])


class Mixture:
    """Args:
        groups: two or more, mostly.
        mix: what the places of groups depend on.
        key: see ``Rounds``; groups have orders of their own.

    Raises:
        ConfigError: weights that cannot be, or so small that nothing would come of the group.
    """

    def __init__(self, groups: Sequence[Group], mix: int, key: int | None = None) -> None:
        self._groups, self._mix = groups, mix
        self.counts = _apportioned(groups)
        self._length = int(self.counts.sum())
        self._plan = np.repeat(np.arange(len(groups)), self.counts)
        keys = [None] * len(groups) if key is None else _keys(key, len(groups)).tolist()
        self._rounds = [Rounds(one) for one in keys]
        self._block: tuple[int, np.ndarray, np.ndarray] | None = None

    def index(self, place: int) -> int:
        """Which record stands at a place."""
        block, at = divmod(place, self._length)
        if self._block is None or self._block[0] != block:
            self._block = block, *self._drawn(block)
        which, rank = int(self._block[1][at]), int(self._block[2][at])
        records = self._groups[which].records
        nth = block * int(self.counts[which]) + rank
        return int(records[self._rounds[which].index(nth, len(records))])

    def _drawn(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """The group of each place of a block, and how many places before have the same."""
        tickets = draws(self._mix, block * self._length + np.arange(self._length), 1 << 32)
        which = self._plan[np.argsort(tickets, kind="stable")]
        by_group = np.argsort(which, kind="stable")
        rank = np.empty_like(by_group)
        starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        rank[by_group] = np.arange(self._length) - np.repeat(starts, self.counts)
        return which, rank


def by_class(labels: Iterable[int]) -> list[Group]:
    """Records grouped by their labels, each class as often as the others."""
    found = np.fromiter(labels, np.int64)
    order = np.argsort(found, kind="stable")
    classes, starts = np.unique(found[order], return_index=True)
    parts = np.split(order, starts[1:])
    logger.info("Balancing %d classes of %d to %d records", len(classes),
                min(map(len, parts)), max(map(len, parts)))
    return [Group(f"class {label}", 1, part.astype(np.int32))
            for label, part in zip(classes.tolist(), parts, strict=True)]


def _apportioned(groups: Sequence[Group]) -> np.ndarray:
    """How many places of a block each group has."""
    weights = np.array([group.weight for group in groups], np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ConfigError("weights of databases must be above 0",
                          found=", ".join(f"{weight:g}" for weight in weights))
    if (weights == weights[0]).all():
        return np.full(len(groups), max(BLOCK // len(groups), 1))
    exact = weights / weights.sum() * BLOCK
    counts = np.floor(exact).astype(np.int64)
    missing = BLOCK - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    if not counts.all():
        least = groups[int(counts.argmin())]
        raise ConfigError("a weight is so small that the database would never be read",
                          found=f"{least.weight:g} for {least.name}",
                          allowed="a thousandth of all weights together, or more")
    return counts


def _keys(key: int, count: int) -> np.ndarray:
    """A key for each of several groups."""
    high, low = (draws(key, 2 * np.arange(count) + i, 1 << 32).astype(np.uint64) for i in (0, 1))
    return high << np.uint64(32) | low
