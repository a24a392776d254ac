"""Batches, and the shelf where used ones wait to be filled again."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Shape


@dataclass
class Batch:
    """N records.

    Attributes:
        data: the first top's numbers, N x C x H x W mostly.
        rest: the other tops' in turn; labels, N.
        position: the one after them.
    """

    data: np.ndarray
    rest: list[np.ndarray]
    position: int = 0

    @property
    def labels(self) -> np.ndarray:
        """The second top's numbers."""
        return self.rest[0]


class Shelf:
    """Takes used batches back and hands them out again; one thread gives, another takes."""

    def __init__(self) -> None:
        self._free: deque[Batch] = deque()

    def give(self, batch: Batch) -> None:
        """Keep a batch that nobody reads any more."""
        self._free.append(batch)

    def take(self, shapes: Sequence[Shape]) -> Batch:
        """A batch for tops of these shapes, float32, with whatever numbers are in it."""
        first, *others = shapes
        while self._free:
            batch = self._free.popleft()
            if batch.data.shape == first:  # after a change of shape the old ones are let go
                batch.rest = fitting(others, batch.rest)
                return batch
        return Batch(np.empty(first, np.float32), fitting(others))


def fitting(shapes: Sequence[Shape], old: Sequence[np.ndarray] = ()) -> list[np.ndarray]:
    """Arrays of these shapes, float32: the old ones, if they fit."""
    if [array.shape for array in old] == list(shapes):
        return list(old)
    return [np.empty(shape, np.float32) for shape in shapes]
