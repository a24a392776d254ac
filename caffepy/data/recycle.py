"""Batches, and the shelf where used ones wait to be filled again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np


@dataclass
class Batch:
    """N records: data N x C x H x W, labels N (both float32), and the position after them."""

    data: np.ndarray
    labels: np.ndarray
    position: int


class Shelf:
    """Takes used batches back and hands them out again; one thread gives, another takes."""

    def __init__(self) -> None:
        self._free: deque[Batch] = deque()

    def give(self, batch: Batch) -> None:
        """Keep a batch that nobody reads any more."""
        self._free.append(batch)

    def take(self, shape: tuple[int, ...]) -> Batch:
        """A batch of that shape, N x C x H x W, with whatever numbers are in it."""
        while self._free:
            batch = self._free.popleft()
            if batch.data.shape == shape:  # after a change of shape the old ones are let go
                return batch
        return Batch(np.empty(shape, np.float32), np.empty(shape[0], np.float32), 0)
