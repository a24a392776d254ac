"""A walk through all records: counts, labels, sizes, the mean picture, and what is suspicious."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.data.record import Record
from caffepy.board.data.stores import Store
from caffepy.checks.batches import LEAST_LABELS, RUN

Array = NDArray[Any]

MOST = 200_000     # records, and
SECONDS = 120.0    # of a walk, after which it ends
LISTED = 200       # records of each suspicion that are named
RARE = 10          # times fewer than the most frequent class is worth a word
MOST_MEAN = 1 << 20  # numbers of a picture that is summed up


@dataclass
class Suspicion:
    """Something that may be wrong.

    Attributes:
        title: what, in a sentence.
        advice: what to do about it, "" for nothing.
        numbers: the records, if it is some.
    """

    title: str
    advice: str = ""
    numbers: list[int] = field(default_factory=list)


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
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.looked = 0
        self.done = False
        self.ended = self.trouble = ""
        self.labels: Counter[int] = Counter()
        self.of_label: dict[int, array[int]] = defaultdict(lambda: array("q"))
        self.sizes: Counter[tuple[int, ...]] = Counter()
        self.boxed = self.encoded = 0
        self.marks: dict[int, list[str]] = defaultdict(list)
        self.broken: list[int] = []
        self._order = array("q")  # the label of each record that has one
        self._seen: dict[bytes, tuple[int, tuple[int, ...]]] = {}
        self._twins: dict[bytes, list[int]] = {}
        self._quarrel: set[bytes] = set()
        self._plain: list[int] = []
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

    def add(self, record: Record) -> None:
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
            self._order.append(record.labels[0])
        if record.picture is not None:
            self._picture(number, record.picture)
        if record.digest:
            self._twin(record)
        self.looked += 1

    def _picture(self, number: int, picture: Array) -> None:
        self.sizes[picture.shape] += 1
        if picture.size > 1 and (picture == picture.flat[0]).all():
            self._plain.append(number)
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
        twins = self._twins.setdefault(record.digest, [first[0]])
        if len(twins) == 1:
            self.marks[first[0]].append(f"the same bytes as record {record.number}")
        twins.append(record.number)
        self.marks[record.number].append(f"the same bytes as record {first[0]}")
        if labels != first[1]:
            self._quarrel.add(record.digest)
            self.marks[record.number].append(f"but another label than record {first[0]}")

    @property
    def mean(self) -> Array | None:
        """The mean of the pictures that are as large as the first, C x H x W; None for none."""
        return None if self._sum is None else (self._sum / max(1, self._summed)).astype(np.float32)

    @property
    def averaged(self) -> int:
        """How many pictures the mean is of."""
        return self._summed

    def suspicions(self) -> list[Suspicion]:
        """What may be wrong, the worst first."""
        return [one for one in (
            self._broken(), self._quarrels(), self._runs(), self._one_class(), self._duplicates(),
            self._blank(), self._uneven(), self._gaps(), self._shapes()) if one is not None]

    def _broken(self) -> Suspicion | None:
        if not self.broken:
            return None
        return Suspicion(f"Records that cannot be read: {len(self.broken)} of {self.looked}.",
                         "A training ends with an error where it comes to one.",
                         self.broken[:LISTED])

    def _quarrels(self) -> Suspicion | None:
        groups = [self._twins[one] for one in self._quarrel]
        if not groups:
            return None
        return Suspicion(f"Pictures stored several times with different labels: {len(groups)}.",
                         "No net can get them right.", sorted(sum(groups, []))[:LISTED])

    def _runs(self) -> Suspicion | None:
        order = np.frombuffer(self._order, np.int64) if self._order else np.zeros(0, np.int64)
        if len(order) < LEAST_LABELS or (order == order[0]).all():
            return None
        starts = np.flatnonzero(np.diff(order)) + 1
        runs = np.diff(np.concatenate([[0], starts, [len(order)]]))
        counts = np.unique(order, return_counts=True)[1] / len(order)
        # of labels in random order a run is this long on average
        usual = 1 / max(1e-9, 1 - float((counts**2).sum()))
        if runs.mean() < max(RUN, 3 * usual):
            return None
        longest = int(runs.argmax())
        begin = int(np.concatenate([[0], starts])[longest])
        return Suspicion(
            f"The labels come in runs: {runs.mean():.1f} records of one class in a row on average, "
            f"at most {runs.max()} (of label {order[begin]}, from record {begin}).",
            "Records that lie class by class train badly: make the database with convert_imageset "
            "-shuffle, or set shuffle: true where the layer can.")

    def _one_class(self) -> Suspicion | None:
        if len(self.labels) != 1 or self.boxed or self.looked < LEAST_LABELS:
            return None
        return Suspicion(f"All labels are {next(iter(self.labels))}.",
                         "There is nothing to tell apart; was the list written with labels?")

    def _duplicates(self) -> Suspicion | None:
        if not self._twins:
            return None
        spare = sum(len(group) - 1 for group in self._twins.values())
        return Suspicion(f"Records byte for byte the same as an earlier one: {spare}.",
                         "If they were copied from training to test data, a test flatters.",
                         sorted(sum(self._twins.values(), []))[:LISTED])

    def _blank(self) -> Suspicion | None:
        if not self._plain:
            return None
        return Suspicion(f"Pictures with one value everywhere: {len(self._plain)}.", "",
                         self._plain[:LISTED])

    def _uneven(self) -> Suspicion | None:
        if len(self.labels) < 2:
            return None
        (most, many), (least, few) = self.labels.most_common(1)[0], self.labels.most_common()[-1]
        if many < RARE * few:
            return None
        return Suspicion(f"Label {most} is {many / few:.0f} times as frequent as label {least} "
                         f"({many} and {few}).",
                         "Accuracy alone says little here; look at each class.")

    def _gaps(self) -> Suspicion | None:
        known = sorted(self.labels)
        if not known or self.boxed:
            return None
        if known[0] < 0:
            return Suspicion(f"There are labels below 0 (the least is {known[0]}).",
                             "Losses over classes want 0 and up, or their ignore_label.")
        missing = known[-1] + 1 - len(known)
        if not missing or known[-1] > 100 * len(known):
            return None
        lacks = [label for label in range(known[-1]) if label not in self.labels][:10]
        more = ", ..." if missing > len(lacks) else ""
        return Suspicion(f"Labels below {known[-1]} that do not occur: {missing} "
                         f"({', '.join(map(str, lacks))}{more}).")

    def _shapes(self) -> Suspicion | None:
        if len({shape[0] for shape in self.sizes if len(shape) == 3}) > 1:
            return Suspicion("Some pictures are gray and some are coloured.",
                             "Set force_color or force_gray in transform_param, or is_color of a "
                             "list.")
        if len(self.sizes) > 1:
            return Suspicion(f"The pictures have {len(self.sizes)} different sizes.",
                             "Batches of several take one size: crop_size, or a resize, makes "
                             "them alike.")
        return None
