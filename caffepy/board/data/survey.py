"""A walk through all records: counts, labels, sizes, the mean picture, what is strange."""

from __future__ import annotations

import copy
import threading
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.data.record import Record
from caffepy.board.data.stores import Store

Array = NDArray[Any]

MOST = 200_000     # records, and
SECONDS = 120.0    # of a walk, after which it ends
MOST_MEAN = 1 << 20  # numbers of a picture that is summed up


def _numbers() -> array[int]:
    return array("q")


class Survey:
    """What is known of a store's records so far.

    Attributes:
        total: how many there are, None where that is not known.
        looked: how many were looked at.
        done: whether that were all of them, or as many as are looked at; ``ended`` is why not all.
        trouble: why the walk broke off, "" if it did not.
        labels: how many records (of boxes: boxes) have each label.
        of_label: the numbers of the records with each label.
        sizes: of the pictures, C x H x W.
        marks: what is suspicious about a record, by its number.
        broken: the records that cannot be read; ``plain``: those of one value everywhere.
        order: the label of each record that has one, in their order.
        twins: the records of equal bytes, by digest; ``quarrel``: the digests of those among them
            with different labels.
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.looked = 0
        self.done = False
        self.ended = self.trouble = ""
        self.labels: Counter[int] = Counter()
        self.of_label: dict[int, array[int]] = defaultdict(_numbers)
        self.sizes: Counter[tuple[int, ...]] = Counter()
        self.boxed = self.encoded = 0
        self.marks: dict[int, list[str]] = defaultdict(list)
        self.broken: list[int] = []
        self.order = array("q")  # the label of each record that has one
        self._lock = threading.Lock()
        self._seen: dict[bytes, tuple[int, tuple[int, ...]]] = {}
        self.twins: dict[bytes, list[int]] = {}
        self.quarrel: set[bytes] = set()
        self.plain: list[int] = []
        self._sum: Array | None = None
        self._summed = 0

    def run(self, store: Store, most: int = MOST, seconds: float = SECONDS,
            stop: Callable[[], bool] = lambda: False) -> None:
        """Walk through a store.

        Args:
            most, seconds: the walk ends after so much.
            stop: asked now and then, whether to end.
        """
        begun = monotonic()
        try:
            for record in store.walk():
                if self.looked >= most:
                    self.ended = f"the first {most:,} records are looked at"
                    break
                if self.looked % 64 == 0 and (stop() or monotonic() - begun > seconds):
                    self.ended = f"it was ended after {monotonic() - begun:.0f} seconds"
                    break
                self.add(record)
        except Exception as error:  # a damaged database; what was seen so far stays
            self.trouble = str(error)
        self.done = True

    def glimpse(self) -> Survey:
        """The survey as it is now, for who reads it while it goes on."""
        with self._lock:
            seen = copy.copy(self)
            for name in ("labels", "of_label", "sizes", "marks", "broken", "plain", "order",
                         "twins", "quarrel", "_sum"):
                setattr(seen, name, copy.deepcopy(getattr(self, name)))
            return seen

    def add(self, record: Record) -> None:
        """Look at one more record."""
        with self._lock:
            self._add(record)

    def _add(self, record: Record) -> None:
        number = record.number
        if record.trouble:
            self.broken.append(number)
            self.marks[number].append(f"cannot be read: {record.trouble}")
        if record.boxes:
            self.boxed += 1
        self.encoded += record.encoded
        self.labels.update(record.labels)
        for label in dict.fromkeys(record.labels):
            self.of_label[label].append(number)
        if record.labels and not record.boxes:
            self.order.append(record.labels[0])
        if record.picture is not None:
            self._picture(number, record.picture)
        if record.digest:
            self._twin(record)
        self.looked += 1

    def _picture(self, number: int, picture: Array) -> None:
        self.sizes[picture.shape] += 1
        if picture.size > 1 and (picture == picture.flat[0]).all():
            self.plain.append(number)
            self.marks[number].append("has one value everywhere")
        if self._sum is None and picture.ndim == 3 and picture.size <= MOST_MEAN:
            self._sum = np.zeros(picture.shape, np.float64)
        if self._sum is not None and picture.shape == self._sum.shape:
            self._sum += picture
            self._summed += 1

    def _twin(self, record: Record) -> None:
        labels = tuple(record.labels)
        first = self._seen.setdefault(record.digest, (record.number, labels))
        if first[0] == record.number:
            return
        twins = self.twins.setdefault(record.digest, [first[0]])
        if len(twins) == 1:
            self.marks[first[0]].append(f"the same bytes as record {record.number}")
        twins.append(record.number)
        self.marks[record.number].append(f"the same bytes as record {first[0]}")
        if labels != first[1]:
            self.quarrel.add(record.digest)
            self.marks[record.number].append(f"but another label than record {first[0]}")

    @property
    def mean(self) -> Array | None:
        """The mean of the pictures that are as large as the first, C x H x W; None for none."""
        return None if self._sum is None else (self._sum / max(1, self._summed)).astype(np.float32)

    @property
    def averaged(self) -> int:
        """How many pictures the mean is of."""
        return self._summed
