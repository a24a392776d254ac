"""Batches of whole pictures on their way to a GPU, one ahead of the net."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any, NamedTuple

import numpy as np

from caffepy.core.layer import Layer
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.data.prefetch import Prefetcher
from caffepy.data.recycle import Batch
from caffepy.data.whole import Collector, Whole
from caffepy.kernels.operations.transform import TransformKernel, TransformSpec


class _Begun(NamedTuple):
    """A batch that a kernel has begun to bring over."""

    batch: Whole
    kernel: TransformKernel
    token: Any


class Uploads:
    """What a layer on a GPU gets its batches from.

    The next batch goes up while the net computes with the one before: as soon as that one is used,
    if it is ready, else when it is asked for.

    Args:
        layer: plans the kernels.
        collector: of the source; it gets the batches back.
        prefetcher: has the batches. Those that are not Whole are passed on as they are.
    """

    def __init__(
        self, layer: Layer, collector: Collector, prefetcher: Prefetcher[Batch | Whole]
    ) -> None:
        self._layer: Layer = weakref.proxy(layer)  # a circle would keep a deleted net's memory
        self._collector = collector
        self._prefetcher = prefetcher
        transformer = collector.transformer
        self._scale = float(transformer.scale)
        mean = transformer.mean_values if transformer.mean is None else transformer.mean
        self._mean: Tensor | None = None
        if mean.size:
            memory = SyncedMemory(mean.size, np.float32, layer.context.mover)
            self._mean = Tensor(memory, mean.shape)
            self._mean.overwrite(Place.HOST)[...] = mean
        self._kernel: TransformKernel | None = None
        self._ahead: Batch | Whole | None = None
        self._begun: deque[_Begun] = deque()  # the last is the newest batch's, if that is Whole

    def get(self) -> Batch | Whole:
        """The next batch."""
        batch, self._ahead = self._ahead, None
        return batch or self._begin(self._prefetcher.get())

    def put(self, batch: Whole, y: Tensor) -> None:
        """Write a batch, transformed, where the net computes."""
        begun = self._begun[-1]
        assert begun.batch is batch, "it is the last that came from get"
        begun.kernel.forward(begun.token, self._mean, y)

    def look_ahead(self) -> None:
        """Begin with the next batch if it is ready; ``put`` was called for the last."""
        if self._prefetcher.ready:
            self._ahead = self._begin(self._prefetcher.get())

    def forget(self) -> None:
        """The prefetcher goes elsewhere: the next batch is not the one ahead."""
        self._ahead = None

    def _begin(self, batch: Batch | Whole) -> Batch | Whole:
        if isinstance(batch, Whole):
            while len(self._begun) >= TransformKernel.AHEAD:
                old = self._begun.popleft()
                old.kernel.release(old.token)
                self._collector.recycle(old.batch)
            mean = () if self._mean is None else self._mean.shape
            spec = TransformSpec(batch.pictures.shape, batch.shape, mean, self._scale)
            kernel = self._kernel = self._layer.plan(spec, self._kernel)
            self._begun.append(
                _Begun(batch, kernel, kernel.begin(batch.pictures, batch.cuts)))
        return batch
