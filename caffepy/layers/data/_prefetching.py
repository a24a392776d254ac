"""Base of the layers that read batches of pictures and labels ahead of the net, in a thread."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from caffepy import forks, log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Place, Shape
from caffepy.data.prefetch import Prefetcher
from caffepy.data.recycle import Batch
from caffepy.data.whole import Collector, Room, Whole
from caffepy.errors import CaffeError
from caffepy.kernels.transform import TransformKernel
from caffepy.layers.data._uploads import Uploads

logger = log.get(__name__)

DEPTH = 4  # batches made ahead, where the layer has no setting for it


class Source(Protocol):
    """Where batches come from. ``position`` counts what has been consumed; ``seek`` goes there."""

    @property
    def shape(self) -> Shape: ...
    @property
    def position(self) -> int: ...
    def seek(self, position: int) -> None: ...
    def next(self) -> Batch | Whole: ...
    def recycle(self, batch: Batch) -> None: ...
    def close(self) -> None: ...


@runtime_checkable
class WholeSource(Protocol):
    """A source that can leave it to a GPU to transform its pictures."""

    @property
    def whole_bytes(self) -> int: ...
    def send_whole(self, room: Room) -> Collector: ...


class PrefetchingLayer(Layer):
    """Tops: the data N x C x H x W and, if there is a second one, the labels (N).

    Each batch carries its reader's position after it, so ``position`` is that of the last batch
    the net has used, however many lie ready.
    """

    bottoms = "0"
    tops = "1-2"
    keeps = ()
    data = True

    source: Source | None = None
    prefetcher: Prefetcher[Batch | Whole] | None = None
    uploads: Uploads | None = None  # on a GPU
    _position = 0
    _ahead = False  # whether, after a fork, the source stands ahead of the net

    def open_source(self) -> Source:
        """Open what the layer reads."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How many batches are made ahead."""
        return DEPTH

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self._open()
        forks.watch(self)
        assert self.source is not None
        logger.info("output data size: %s", ",".join(map(str, self.source.shape)))
        top[0].reshape(self.source.shape)
        if len(top) > 1:
            top[1].reshape(self.source.shape[0])

    def _open(self) -> None:
        self._seed = self.context.seed
        try:
            self.source = self.open_source()
        except CaffeError as error:
            raise error.at(self.place_name) from error
        self.prefetcher = Prefetcher(self.source.next, self.depth)
        if self.context.accelerator and isinstance(self.source, WholeSource) \
                and self.dtype == np.float32:
            mover = self.context.mover  # its room on the host is page-locked
            collector = self.source.send_whole(
                lambda count: mover.zeros(Place.HOST, count, np.dtype(np.uint8)))
            self.uploads = Uploads(self, collector, self.prefetcher)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass  # the next batch decides

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        assert self.source is not None and self.prefetcher is not None
        if self._ahead:
            self.source.seek(self._position)
            self._ahead = False
        # an error in the thread is raised here, as itself
        batch = self.uploads.get() if self.uploads else self.prefetcher.get()
        if isinstance(batch, Whole):
            assert self.uploads is not None
            top[0].reshape(batch.shape)
            self.uploads.put(batch, top[0].values)
        else:
            top[0].reshape(batch.data.shape)
            top[0].values.overwrite(Place.HOST)[...] = batch.data
        if len(top) > 1:
            top[1].reshape(batch.labels.shape)
            top[1].values.overwrite(Place.HOST)[...] = batch.labels
        self._position = batch.position
        if isinstance(batch, Batch):
            self.source.recycle(batch)
        if self.uploads:
            self.uploads.look_ahead()

    @property
    def position(self) -> int:  # type: ignore[override]
        return self._position

    @position.setter
    def position(self, position: int) -> None:
        self._position = position
        if self.source is not None and self.prefetcher is not None:
            if self.context.seed != self._seed:  # a snapshot has brought its own
                self.close()
                self._open()
            else:
                self.prefetcher.stop()
                if self.uploads:
                    self.uploads.forget()
            self.source.seek(position)
            self._ahead = False

    def after_fork_in_child(self) -> None:
        """The thread that reads ahead is the parent's. The child reads on behind the last batch
        that its net has used, when it asks for one."""
        if self.prefetcher is not None and self.prefetcher.begin_anew():
            self._ahead = True

    @property
    def device_bytes(self) -> int:
        """Where the batches under way lie as bytes."""
        if self.uploads is None or not isinstance(self.source, WholeSource):
            return 0
        return TransformKernel.AHEAD * self.source.whole_bytes

    def close(self) -> None:
        if self.prefetcher is not None:
            self.prefetcher.close()
        if self.source is not None:
            self.source.close()
