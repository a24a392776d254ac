"""Pairs of pictures named in a list: each picture has one of labels, which goes where it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.memory import Shape
from caffepy.data import image, missing, words
from caffepy.data.course import Share, Worker
from caffepy.data.drawn import Drawn
from caffepy.data.recycle import Batch
from caffepy.data.whole import Whole
from caffepy.errors import ConfigError, NotFound, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of a list: both paths as written, the line's number, and what was drawn for it."""

    path: str
    label: str
    number: int
    bits: tuple[int, ...] = ()


class Pairs(Drawn[Pair]):
    """The pictures of a list, each with a picture of labels of its size.

    Both are moved alike: by the changes of transform_param (labels are those of the nearest
    pixels, ``ignored`` outside the picture), by ``own_way``, and by the transformer, which does not
    touch the numbers of labels.

    Args:
        param: the layer's message, with source, root_folder, is_color, new_height, new_width.
        transform_param: the layer's.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the line where there is one.
    """

    form = "picture label_picture"
    ignored = 255

    def __init__(
        self, param: Any, transform_param: caffe_pb2.TransformationParameter, worker: Worker,
        changes: caffe_pb2.TransformationParameter | None = None,
    ) -> None:
        if not param.source:
            raise ConfigError(f"{param.DESCRIPTOR.name} needs a source",
                              fix=f"Name a list, `{self.form}` a line.")
        if (param.new_height > 0) != (param.new_width > 0):
            raise ConfigError("new_height and new_width must be given both or not at all",
                              found=f"{param.new_height} x {param.new_width}")
        super().__init__(transform_param, worker, changes)
        self._param = param
        self._list, self._root = path_of(param, "source"), path_of(param, "root_folder")
        self._label_root = self._root
        logger.info("Opening file %s", self._list)
        self._pairs = [Pair(line[0], line[1] if len(line) > 1 else "", number)
                       for number, line in words.read_words(self._list, self.form)]
        self.count = len(self._pairs)
        logger.info("A total of %d images.", self.count)

    # -- what a source may do its own way -----------------------------------------------------

    def load(self, pair: Pair) -> tuple[np.ndarray, Any]:
        """Picture, C x H x W, and labels, H x W, uint8; and what was drawn for them."""
        picture = self.resized(self.read(pair))
        labels = self.resized_labels(self.read_labels(pair))
        self.check_sizes(picture.shape[1:], labels.shape)
        return picture, (labels, pair.bits)

    def own_way(self, picture: np.ndarray, labels: np.ndarray, bits: tuple[int, ...]
                ) -> tuple[np.ndarray, Any]:
        """What is done to both when they are changed; returns what ``finish`` makes tops of."""
        return picture, labels

    def resized(self, picture: np.ndarray) -> np.ndarray:
        """The picture in the size that the settings say."""
        height, width = self._param.new_height, self._param.new_width
        return image.resize(picture, height, width) if height else picture

    def resized_labels(self, labels: np.ndarray) -> np.ndarray:
        """The labels in this size: those of the nearest pixels."""
        height, width = self._param.new_height, self._param.new_width
        return nearest(labels, height, width) if height else labels

    # -- what they have in common -------------------------------------------------------------

    def change(self, picture: np.ndarray, label: Any, number: int, start: int
               ) -> tuple[np.ndarray, Any]:
        labels, bits = label
        if self.augmentation:
            labels = self.augmentation.labels(labels, number, start, self.ignored)
            picture = self.augmentation(picture, number, start).picture
        return self.own_way(picture, labels, bits)

    def record(self, index: int) -> Pair:
        return self._pairs[index]

    def drawn(self, pair: Pair, bits: list[int]) -> Pair:
        return replace(pair, bits=tuple(bits))

    def read(self, pair: Pair) -> np.ndarray:
        """The picture as it lies in its file, C x H x W."""
        return self._read(pair, pair.path, self._root, self._param.is_color)

    def read_labels(self, pair: Pair) -> np.ndarray:
        """The labels as they lie in their file, H x W."""
        return self._read(pair, pair.label, self._label_root, False)[0]

    def check_sizes(self, size: Shape, labels: Shape) -> None:
        """Raise ShapeError unless the labels have the picture's size."""
        if size != labels:
            raise ShapeError("picture and labels must have one size",
                             found=f"a picture of {size[0]} x {size[1]}, "
                                   f"labels of {labels[0]} x {labels[1]}")

    def label_shapes(self, label: Any, count: int) -> list[Shape]:
        return [(count, 1, *(self.transformer.crop or label.shape))]

    def finish(self, batch: Batch | Whole, labels: list[Any], share: Share) -> None:
        crop = self.transformer.crop
        for out, label, number in zip(batch.rest[0], labels, share.numbers, strict=True):
            ((top, left, flip),) = self.transformer.cuts((1, *label.shape), number, 1)
            if crop:
                label = label[top : top + crop[0], left : left + crop[1]]
            out[0] = label[:, ::-1] if flip else label

    def where(self, pair: Pair) -> str:
        return f"{self._list}:{pair.number}"

    def name(self, pair: Pair) -> str:
        return f"{self.where(pair)} ({pair.path})"

    def _read(self, pair: Pair, path: str, root: str, color: bool) -> np.ndarray:
        try:
            return image.read_image(missing.place(root, path), color)
        except NotFound as error:
            labels = path is not pair.path
            others = [other.label if labels else other.path for other in self._pairs]
            missing.explain(error, root, path, self._list, others)
            raise


def nearest(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Labels, H x W, brought to height x width; no label is made that was not there."""
    import cv2

    return cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)


def cut(
    picture: np.ndarray, labels: np.ndarray, top: int, left: int, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """A window of both."""
    rows, columns = slice(top, top + height), slice(left, left + width)
    return picture[:, rows, columns], labels[rows, columns]


def mirrored(picture: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, left for right."""
    return np.ascontiguousarray(picture[:, :, ::-1]), labels[:, ::-1]
