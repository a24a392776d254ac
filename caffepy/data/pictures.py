"""Sources of pictures with labels: a source says what its records are, all else is done here.

On its way into a batch a record is

    item              what is known of it beforehand: a line of a list, a key with its bytes
    picture, label    as they are read from it, by several threads
    the same          changed: resized, say, and their boxes with them; by several threads, too
    numbers           the tops': the transformer makes them of the picture, ``finish`` of labels

Whatever is to change pictures and labels together (boxes, say, or pictures of labels) belongs into
``change``. Its draws must be functions of (seed, number), as the transformer's are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np

from caffepy.core.memory import Shape
from caffepy.data.augment.augmentation import Augmentation
from caffepy.data.course import Share, Worker
from caffepy.data.crew import Crew
from caffepy.data.records import Records, Room
from caffepy.data.recycle import Batch
from caffepy.data.transform import Transformer
from caffepy.data.whole import Collector, NewBytes, Whole, whole_bytes
from caffepy.errors import CaffeError, DataError
from caffepy.proto import caffe_pb2

Item = TypeVar("Item")


class Pictures(Records, Generic[Item]):
    """Base of sources of pictures. A source defines ``count``, ``record``, ``load`` and ``where``;
    one that goes round by itself ``first`` and ``records`` in place of ``record``; one whose labels
    are more than a number each also ``label_shapes`` and ``finish``.

    Args:
        transform_param: the layer's.
        worker: who reads.
        changes: what changes go by, where a source does some of transform_param its own way and
            gives the rest of it.

    Raises:
        ConfigError, NotFound, DataError: transform_param cannot be.
    """

    # all of a batch are read before the first is transformed: for small ones that nothing changes
    at_once = False

    def __init__(self, transform_param: caffe_pb2.TransformationParameter, worker: Worker,
                 changes: caffe_pb2.TransformationParameter | None = None) -> None:
        self.transformer = Transformer(
            transform_param, worker.phase, worker.seed, worker.stream)
        self.augmentation = Augmentation(changes or transform_param, worker)
        self._worker = worker
        self._crew = Crew(1)
        self._collector: Collector | None = None

    # -- what a source says -------------------------------------------------------------------

    def record(self, index: int) -> Item:
        """What is known of a record before it is read; called in order, by one thread."""
        raise NotImplementedError

    @abstractmethod
    def load(self, item: Item) -> tuple[np.ndarray, Any]:
        """Picture, C x H x W of any type, and label; several threads call it."""

    def change(self, picture: np.ndarray, label: Any, number: int, start: int
               ) -> tuple[np.ndarray, Any]:
        """Picture and label as they go on; several threads call it.

        Args:
            number: the record's.
            start: that of the first record of the batch, all workers' taken together.
        """
        if self.augmentation:
            picture = self.augmentation(picture, number, start).picture
        return picture, label

    @abstractmethod
    def where(self, item: Item) -> str:
        """The place of a record, for errors of reading it."""

    def name(self, item: Item) -> str:
        """What errors call a picture that was read and does not fit."""
        return self.where(item)

    def light(self, item: Item) -> Item:
        """What errors need of an item, which is kept until the batch is done."""
        return item

    def readers(self, item: Item) -> int:
        """How many threads read, by the first record."""
        return self._worker.threads

    def first(self, share: Share) -> Item:
        """The first record of all workers' stretch, which decides on the first shapes."""
        if not self.count:
            raise DataError("there are no records")
        return self.record(share.course.index(share.stretch.start, self.count))

    def records(self, share: Share) -> Iterable[Item]:
        """The share's records, in order."""
        assert self.count is not None
        return [self.record(index) for index in share.indices(self.count)]

    def top_shape(self, shape: Shape) -> Shape:
        """An item's in the first top, by what the transformer makes of a picture."""
        return shape

    def label_shapes(self, label: Any, count: int) -> list[Shape]:
        """The shapes of the tops behind the first for ``count`` records, by the label of one."""
        return [(count,)]

    def finish(self, batch: Batch | Whole, labels: list[Any], share: Share) -> None:
        """Write the labels into the arrays of ``batch.rest``, which are the tops' behind the first,
        or put other arrays there."""
        batch.rest[0][...] = labels

    # -- what is done with it -----------------------------------------------------------------

    def begin(self, share: Share) -> list[Shape]:
        item = self.first(share)
        self._crew = Crew(self.readers(item))
        _, picture, label = self._load(share.start, (share.start, item))
        self.whole_bytes = whole_bytes(len(share), picture)
        return self._shapes(item, picture, label, len(share))

    def send_whole(self, new_bytes: NewBytes) -> Collector | None:
        if self.transformer.cutout:
            return None  # a device's kernel does not know of it
        self._collector = Collector(self.transformer, new_bytes)
        return self._collector

    def batch(self, share: Share, room: Room) -> Batch | Whole:
        numbers, count = share.numbers, len(share)
        items: list[Item] = []
        labels: list[Any] = []
        given: Iterable[np.ndarray]
        if self.at_once and not self.augmentation:
            given = self._read_at_once(share, items, labels)
            first = given[0]
        else:
            pictures = self._as_they_come(share, items, labels)
            first = next(pictures)
            given = chain([first], pictures)
        shapes = self._shapes(items[0], first, labels[0], count)
        batch: Batch | Whole | None = None
        if self._collector:
            batch, given = self._collector.collect(
                given, count, numbers.start, numbers.step, shapes[1:])
        if batch is None:
            batch = room(shapes)
            self.transformer.batch(given, numbers.start, batch.data, numbers.step,
                                   lambda i: self.name(items[i]))
        self.finish(batch, labels, share)
        return batch

    def close(self) -> None:
        self._crew.close()

    def _read_at_once(
        self, share: Share, items: list[Item], labels: list[Any]
    ) -> list[np.ndarray]:
        """The share's pictures, all read before any is used; items and labels are appended to the
        lists."""
        items += self.records(share)
        pictures: list[np.ndarray] = []
        try:
            for picture, label in map(self.load, items):
                pictures.append(picture)
                labels.append(label)
        except CaffeError as error:
            raise error.at(self.where(items[len(labels)])) from error
        return pictures

    def _as_they_come(
        self, share: Share, items: list[Item], labels: list[Any]
    ) -> Iterator[np.ndarray]:
        """The share's pictures, each as soon as it is read; items and labels are appended."""
        numbered = zip(share.numbers, self.records(share), strict=True)
        for item, picture, label in self._crew.map(partial(self._load, share.start), numbered):
            items.append(item)
            labels.append(label)
            yield picture

    def _load(self, start: int, numbered: tuple[int, Item]) -> tuple[Item, np.ndarray, Any]:
        number, item = numbered
        try:
            picture, label = self.change(*self.load(item), number, start)
        except CaffeError as error:
            raise error.at(self.where(item)) from error
        return self.light(item), picture, label

    def _shapes(
        self, item: Item, picture: np.ndarray, label: Any, count: int
    ) -> list[Shape]:
        try:
            shape = self.transformer.output_shape(*picture.shape)
        except CaffeError as error:
            raise error.at(self.name(item)) from error
        return [(count, *self.top_shape(shape)), *self.label_shapes(label, count)]
