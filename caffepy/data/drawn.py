"""Sources that draw something for a record before it is read: which frames, or what size.

Draws are functions of (seed, stream, number of the record), as the transformer's are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

import numpy as np

from caffepy.data.course import Share, Worker
from caffepy.data.draws import draws
from caffepy.data.pictures import Item, Pictures
from caffepy.proto import caffe_pb2


class Drawn(Pictures[Item]):
    """What is to be said of a source besides: ``drawn``, and how many ``dice`` a record takes."""

    dice = 4

    def __init__(self, transform_param: caffe_pb2.TransformationParameter, worker: Worker,
                 changes: caffe_pb2.TransformationParameter | None = None) -> None:
        super().__init__(transform_param, worker, changes)
        self._key = worker.key("drawn")

    @abstractmethod
    def drawn(self, item: Item, bits: list[int]) -> Item:
        """The item with what is drawn for it, from 32 random bits for each die."""

    def first(self, share: Share) -> Item:
        return self._drawn(super().first(share), share.numbers[0])

    def records(self, share: Share) -> Iterable[Item]:
        return [self._drawn(item, number)
                for item, number in zip(super().records(share), share.numbers, strict=True)]

    def _drawn(self, item: Item, number: int) -> Item:
        counters = number * self.dice + np.arange(self.dice)
        return self.drawn(item, draws(self._key, counters, 1 << 32).tolist())
