"""MemoryData: batches out of arrays that a script hands over.

bottom  none
top     data, N x C x H x W; label, N (may be left out)
param   memory_data_param { batch_size: 64 channels: 3 height: 32 width: 32 }
        transform_param { ... } for ``add_datums``
V1      MEMORY_DATA

    net.layers[0].reset(data, labels)      # or net.set_input_arrays(data, labels)

The arrays are used up batch by batch, round and round. They are not copied: what a script writes
into them is seen by the next batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.data import datum
from caffepy.data.augment.augmentation import Augmentation
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Share, Worker
from caffepy.data.records import Records, Room
from caffepy.data.recycle import Batch
from caffepy.data.transform import Transformer
from caffepy.errors import CaffeError, ShapeError
from caffepy.layers.data._batches import BatchLayer
from caffepy.layers.data._prefetching import BOXES, PICTURES

logger = log.get(__name__)


class Arrays(Records):
    """Items that lie in arrays: n x C x H x W, and n labels."""

    count: int

    def __init__(self, data: np.ndarray, labels: np.ndarray) -> None:
        self._arrays = data, labels
        self.count = len(data)
        self._shapes: list[Shape] = []

    def begin(self, share: Share) -> list[Shape]:
        self._shapes = [(len(share), *array.shape[1:]) for array in self._arrays]
        return self._shapes

    def batch(self, share: Share, room: Room) -> Batch:
        batch = room(self._shapes)
        start, count = share.places.start % self.count, len(share)
        for target, array in zip((batch.data, *batch.rest), self._arrays, strict=True):
            if start + count <= self.count:
                target[...] = array[start : start + count]
            else:  # gone on with from a run of other batches
                target[...] = array.take(range(start, start + count), 0, mode="wrap")
        return batch


@register("MemoryData", v1="MEMORY_DATA", param="memory_data_param")
class MemoryData(BatchLayer):
    """``position`` counts the items used so far. Each worker has arrays of its own."""

    scripted = True
    obeys = PICTURES
    harmless = BOXES

    @classmethod
    def item_shape(cls, spec: Any) -> Shape | None:
        p = spec.memory_data_param
        return p.channels, p.height, p.width

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        self.sizes = (p.channels, p.height, p.width)
        if not all((p.batch_size, *self.sizes)):
            self.fail("memory_data_param needs batch_size, channels, height and width",
                      found=f"{p.batch_size} x {' x '.join(map(str, self.sizes))}")
        try:
            rule = self.spec.transform_param
            worker = Worker(self.phase, self.context.seed, self.stream)
            self.transformer = Transformer(rule, self.phase, worker.seed, worker.stream)
            self.augmentation = Augmentation(rule, worker)
        except CaffeError as error:
            raise error.at(self.place_name) from error
        self.added = 0  # Datums so far: each gets draws of its own
        top[0].reshape(p.batch_size, *self.sizes)
        if len(top) > 1:
            top[1].reshape(p.batch_size)

    def reset(self, data: Any, labels: Any) -> None:
        """Take these arrays and begin at their start.

        Args:
            data: n x C x H x W, n a multiple of batch_size; taken as it is, untransformed.
            labels: n numbers, of any shape.

        Raises:
            ShapeError: the arrays do not fit the layer or each other.
        """
        data, labels = np.asarray(data), np.asarray(labels)
        if data.ndim != 4 or data.shape[1:] != self.sizes:
            self.fail("the data do not fit the layer", kind=ShapeError,
                      found=f"shape {data.shape}",
                      allowed=f"n x {' x '.join(map(str, self.sizes))}")
        count, batch = len(data), self.p.batch_size
        if labels.size != count:
            self.fail("there must be one label for each item", kind=ShapeError,
                      found=f"{labels.size} labels for {count} items")
        if not count or count % batch:
            self.fail("the number of items must be a multiple of the batch size",
                      kind=ShapeError, found=count, allowed=f"{batch}, {2 * batch}, ...")
        if self.spec.HasField("transform_param"):
            logger.warning("%s: arrays are taken as they are, without transform_param.",
                           self.place_name)
        self._take(data, labels)

    def add_datums(self, datums: Sequence[Any]) -> None:
        """Take these Datums, transformed by transform_param, in the place of what was there.

        Raises:
            DataError, ShapeError: one that is damaged, or does not fit; named by its index.
        """
        pictures = []
        for index, item in enumerate(datums):
            try:
                picture = datum.to_array(item, self.transformer.color)
                if self.augmentation:
                    picture = self.augmentation(picture, self.added + index, 0).picture
                pictures.append(picture)
            except CaffeError as error:
                raise error.at(f"{self.place_name}, datum {index}") from error
        count, batch = len(pictures), self.p.batch_size
        if not count or count % batch:
            self.fail("the number of Datums must be a multiple of the batch size",
                      kind=ShapeError, found=count, allowed=f"{batch}, {2 * batch}, ...")
        data = np.empty((count, *self.sizes), np.float32)
        self.transformer.batch(pictures, self.added, data,
                               name=lambda i: f"{self.place_name}, datum {i}")
        self.added += count
        self._take(data, np.array([item.label for item in datums]))

    def _take(self, data: np.ndarray, labels: np.ndarray) -> None:
        self.source = BatchMaker(
            Arrays(data, labels.reshape(-1)), Worker(self.phase), self.p.batch_size)
        self.position = 0

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if self.source is None:
            self.fail("there are no data yet",
                      fix="Call net.set_input_arrays(data, labels) before forward.")
        super().forward(bottom, top)
