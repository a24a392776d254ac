"""All changes that a transform_param of SSD's asks for, one after the other.

    distort, expand, sample     those of AnnotatedData alone
    resize, noise               those of every layer that reads pictures

Then follow crop, mirror, mean and scale (data/transform.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from caffepy.data import image
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.change import Change
from caffepy.data.augment.distort import Distort
from caffepy.data.augment.expand import Expand
from caffepy.data.augment.jitter import MOST, Jitter
from caffepy.data.augment.noise import Noise
from caffepy.data.augment.resize import Resizes
from caffepy.data.augment.sample import Sample
from caffepy.data.course import Worker
from caffepy.data.draws import Dice
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2


class Augmented(NamedTuple):
    """What became of a picture.

    Attributes:
        picture: C x H x W.
        boxes: on it; see augment.boxes.
        stretch: None mostly; see ``Resize.stretch``.
    """

    picture: np.ndarray
    boxes: np.ndarray
    stretch: np.ndarray | None


class Augmentation:
    """Args:
        param: the layer's transform_param.
        worker: whose seed and stream the draws depend on.
        own: the annotated_data_param of an AnnotatedData, which knows changes of its own.

    Raises:
        ConfigError: settings that cannot be.
    """

    def __init__(self, param: caffe_pb2.TransformationParameter, worker: Worker,
                 own: caffe_pb2.AnnotatedDataParameter | None = None) -> None:
        emit = param.emit_constraint if param.HasField("emit_constraint") else None
        self._before: list[Change] = []
        if own is not None:
            if param.HasField("distort_param"):
                self._before.append(Distort(param.distort_param))
            if param.HasField("expand_param"):
                self._before.append(Expand(param))
            if own.batch_sampler:
                self._before.append(Sample(own.batch_sampler, emit))
            elif own.yolo_data_type:
                jitter = own.yolo_data_jitter if own.HasField("yolo_data_jitter") else MOST
                self._before.append(Jitter(jitter, param))
        self._resizes = Resizes(param.resize_param) if param.resize_param else None
        self._after = [Noise(param.noise_param)] if param.HasField("noise_param") else []
        self._keys = {name: worker.key(f"augment/{name}")
                      for name in ("distort", "expand", "sample", "resize", "noise", "size")}

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self._before or self._resizes or self._after)

    def __call__(self, picture: np.ndarray, number: int, start: int,
                 boxes: np.ndarray = boxes_of.NONE) -> Augmented:
        """
        Args:
            picture: C x H x W, bytes; it stays as it is.
            number: the record's, of which all draws are functions but one:
            start: the number of the first record of all workers' batches, which decides on the
                size, since the pictures of a batch have one.
            boxes: on the picture.

        Raises:
            DataError, ShapeError: a picture that cannot be changed so.
        """
        if picture.dtype != np.uint8:
            raise DataError("only pictures of bytes can be resized and changed",
                            found=f"numbers of type {picture.dtype}",
                            fix="Leave resize_param, noise_param, distort_param, expand_param "
                                "and batch_sampler out.")
        pixels = image.pixels(picture)
        for change in self._before:
            pixels, boxes = change(pixels, boxes, self._dice(change.name, number))
        stretch = None
        if self._resizes:
            resize = self._resizes.of_batch(self._dice("size", start))
            stretch = resize.stretch(*pixels.shape[:2])
            pixels, boxes = resize(pixels, boxes, self._dice(resize.name, number))
        for change in self._after:
            pixels, boxes = change(pixels, boxes, self._dice(change.name, number))
        return Augmented(image.channels_first(pixels), boxes, stretch)

    def _dice(self, name: str, number: int) -> Dice:
        return Dice(self._keys[name], number)
