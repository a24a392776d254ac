"""Which record comes when: from where on, in which order, and to which of several workers.

All workers together read one endless sequence of records, number 0, 1, 2 and so on: the source's
own, round and round, from rand_skip on, perhaps in another order in each round, or drawn from
several groups (data/groups.py). Worker r of n reads numbers r, r + n, r + 2n... Whatever is drawn
is a function of (seed, stream, number). So how many numbers have been read is all that a run needs
to go on, also with another number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caffepy import log
from caffepy.data.draws import draws, stream_key
from caffepy.data.groups import Group, Mixture, Rounds
from caffepy.proto import caffe_pb2

logger = log.get(__name__)


@dataclass(frozen=True)
class Worker:
    """What of the worker that reads decides on what it reads, and by how many threads.

    Attributes:
        phase: in TRAIN workers share out the records, in TEST each of them reads them all.
        seed, stream: what all draws depend on; the same for all workers.
        rank, size: which of how many workers this is.
        threads: how many decode pictures, where that is worth several.
    """

    phase: int
    seed: int = 0
    stream: str = ""
    rank: int = 0
    size: int = 1
    threads: int = 1

    @property
    def part(self) -> tuple[int, int]:
        """(r, n): it reads each n-th record, from number r on."""
        return (self.rank, self.size) if self.phase == caffe_pb2.TRAIN else (0, 1)

    def key(self, what: str) -> int:
        """The key of this kind of draws: each is a function of the key and a number."""
        return stream_key(self.seed, f"{self.stream}/{what}")


class Course:
    """The way of a worker through the sequence.

    Args:
        rand_skip: so many records are left out at most at its start (once, not in each round).
        shuffle: each round has an order of its own.
        groups: what records are drawn from; None: all of them, in rounds.

    Attributes:
        position: how many records all workers together have read.
    """

    def __init__(self, worker: Worker, *, rand_skip: int = 0, shuffle: bool = False,
                 groups: Sequence[Group] | None = None) -> None:
        self._worker = worker
        key = worker.key("shuffle") if shuffle else None
        self._rounds = Rounds(key)
        self._mixture = Mixture(groups, worker.key("mix"), key) if groups else None
        self.position = 0
        if shuffle:
            logger.info("Shuffling data")
        self._skip = 0
        if rand_skip:
            self._skip = int(draws(worker.key("rand_skip"), np.zeros(1, np.int64), rand_skip)[0])
            logger.info("Skipping first %d data points.", self._skip)

    def share(self, count: int) -> Share:
        """The worker's part of what comes next, ``count`` records; the position stays."""
        rank, size = self._worker.part
        start, end = self.position, self.position + count * size
        return Share(self, range(start + rank, end, size), end,
                     range(self._skip + start, self._skip + end))

    def of_number(self, number: int, total: int) -> int:
        """Which of ``total`` records is number ``number``."""
        return self.index(self._skip + number, total)

    def index(self, place: int, total: int) -> int:
        """Which of ``total`` records stands at a place of the sequence, counted from before
        rand_skip left some out."""
        return self._mixture.index(place) if self._mixture else self._rounds.index(place, total)


@dataclass(slots=True)
class Share:
    """A worker's part of a stretch of the sequence, as much as makes a batch.

    Attributes:
        course: which is followed.
        numbers: the part's.
        end: the position after the stretch.
        stretch: all workers' records, counted from before rand_skip left some out.
    """

    course: Course
    numbers: range
    end: int
    stretch: range

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def start(self) -> int:
        """The number of the stretch's first record."""
        return self.end - len(self.stretch)

    @property
    def places(self) -> range:
        """The worker's records in the stretch: for a source that goes round by itself."""
        left_out = self.stretch.stop - self.end
        return range(left_out + self.numbers.start, self.stretch.stop, self.numbers.step)

    def indices(self, total: int) -> list[int]:
        """Which of ``total`` records these are; logs each new round that begins in the stretch."""
        for _ in range(self.stretch.start // total, self.stretch.stop // total):
            log_new_round()
        return [self.course.index(place, total) for place in self.places]


def log_new_round() -> None:
    """Log that a round has ended and the next one begins."""
    logger.info("Restarting data prefetching from start.")
