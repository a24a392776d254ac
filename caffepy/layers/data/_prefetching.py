"""Base of the layers that read batches of pictures and labels ahead of the net, in a thread."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from caffepy import forks, log
from caffepy.core.layer import Blobs
from caffepy.core.memory import Place, Shape
from caffepy.data.augment import words
from caffepy.data.batches import BatchMaker
from caffepy.data.mean import mean_shape
from caffepy.data.prefetch import Prefetcher
from caffepy.data.recycle import Batch
from caffepy.data.transform import crop_of
from caffepy.data.whole import Whole
from caffepy.kernels.operations.transform import TransformKernel, TransformSpec
from caffepy.layers.data._batches import BatchLayer
from caffepy.layers.data._uploads import Uploads

logger = log.get(__name__)

# words of transform_param for all that read pictures: of forks, and of our own
CHANGES = tuple(f"transform_param.{word}" for word in (
    *words.CHANGES, "cutout_param", "random_seed"))
PICTURES = (*CHANGES, "transform_param.crop_h", "transform_param.crop_w")
# that of boxes, which AnnotatedData alone has
BOXES = ("transform_param.emit_constraint",)


class PrefetchingLayer(BatchLayer):
    """Tops: the data N x C x H x W and, if there is a second one, the labels (N); or what else the
    source has.

    Each batch carries its reader's position after it, so ``position`` is that of the last batch
    the net has used, however many lie ready.
    """

    plans = (TransformSpec,)
    pictures = True
    harmless: ClassVar[tuple[str, ...]] = (
        "threads", "parser_threads", "cache", "precache", "disk_reader_threads", "show_data",
        "verbose", "use_gpu_transform", "debug_params", "display",
        "transform_param.num_labels",
    )

    prefetcher: Prefetcher[Batch | Whole] | None = None
    uploads: Uploads | None = None  # on a GPU
    _position = 0
    _ahead = False  # whether, after a fork, the source stands ahead of the net

    @classmethod
    def channels(cls, spec: Any) -> int | None:
        """Of the pictures, if the settings say it."""
        return None

    @classmethod
    def size(cls, spec: Any) -> Shape:
        """Height and width that pictures are brought to before they are cropped; () if to none."""
        return ()

    @classmethod
    def item_shape(cls, spec: Any) -> Shape | None:
        rule = spec.transform_param
        mean = mean_shape(rule.mean_file)
        # an old setting may stand in the layer's own message
        old = getattr(cls.own(spec), "crop_size", 0)
        resized = [(one.height, one.width) for one in rule.resize_param
                   if one.resize_mode != one.FIT_SMALL_SIZE]
        around = 2 * rule.padding
        size: Shape
        if crop := crop_of(rule) or (old and (old, old)):
            size = crop
        else:
            size = resized[0] if resized else cls.size(spec)
            if not getattr(cls.own(spec), "crop_height", 0) and not rule.crop_height:
                size = tuple(side + around for side in size)
        return (cls.channels(spec) or (mean[0] if mean else 3), *size) if size else mean

    @property
    def depth(self) -> int:
        """How many batches are made ahead: data_param's, as in the original for all data layers."""
        return self.spec.data_param.prefetch

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        forks.watch(self)
        logger.info("output data size: %s", ",".join(map(str, top[0].shape)))

    def open_source(self) -> BatchMaker:
        self._seed = self.context.seed
        source = super().open_source()
        self.prefetcher = Prefetcher(source.next, self.depth)
        if self.context.accelerator and self.dtype == np.float32:
            mover = self.context.mover  # its room on the host is page-locked
            collector = source.send_whole(
                lambda count: mover.zeros(Place.HOST, count, np.dtype(np.uint8)))
            if collector is not None:
                self.uploads = Uploads(self, collector, self.prefetcher)
        return source

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
        for blob, values in zip(top[1:], batch.rest, strict=False):
            blob.reshape(values.shape)
            blob.values.overwrite(Place.HOST)[...] = values
        self._position = batch.position
        if isinstance(batch, Batch):
            self.source.recycle(batch)
        if self.uploads:
            self.uploads.look_ahead()

    def seek(self, position: int) -> None:
        assert self.prefetcher is not None
        if self.context.seed != self._seed:  # a snapshot has brought its own
            self.close()
            self.source = self.open_source()
        else:
            self.prefetcher.stop()
            if self.uploads:
                self.uploads.forget()
        super().seek(position)
        self._ahead = False

    def after_fork_in_child(self) -> None:
        """The thread that reads ahead is the parent's. The child reads on behind the last batch
        that its net has used, when it asks for one."""
        if self.prefetcher is not None and self.prefetcher.begin_anew():
            self._ahead = True

    @property
    def device_bytes(self) -> int:
        """Where the batches under way lie as bytes."""
        if self.uploads is None or self.source is None:
            return 0
        return TransformKernel.AHEAD * self.source.whole_bytes

    def close(self) -> None:
        if self.prefetcher is not None:
            self.prefetcher.close()
        super().close()
