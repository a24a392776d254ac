"""DeepLab's way with pictures and their labels: scaled, padded, cropped and mirrored at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.memory import Shape
from caffepy.data import image, words
from caffepy.data.course import Share, Worker
from caffepy.data.draws import below
from caffepy.data.pairs import Pair, Pairs, cut, mirrored, nearest
from caffepy.data.recycle import Batch
from caffepy.data.whole import Whole
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2

Type = caffe_pb2.ImageDataParameter
Transform = caffe_pb2.TransformationParameter

IGNORED = 255  # ignore_label, where it is not given
FORMS = {Type.NONE: "picture", Type.IMAGE: "picture label", Type.PIXEL: "picture label_picture"}


def crop_of(rule: Transform) -> tuple[int, int]:
    """Height and width of the crop, (0, 0) if there is none.

    Raises:
        ConfigError: two ways of saying it at once, or half a size.
    """
    side, size = rule.crop_size, (rule.crop_height, rule.crop_width)
    if any(size) and (side or not all(size)):
        raise ConfigError("the crop must be said in one way",
                          found=f"crop_size {side}, crop_height {size[0]}, crop_width {size[1]}",
                          allowed="crop_size, or crop_height and crop_width")
    return size if any(size) else (side, side)


class SegPairs(Pairs):
    """A label of a record is (labels H x W, size of the picture before it was scaled).

    Args and raises: as Pairs.
    """

    def __init__(self, param: Type, transform_param: Transform, worker: Worker) -> None:
        if transform_param.HasField("mean_file"):
            raise ConfigError("ImageSegData has no mean_file", fix="Give mean_value.")
        self._type = param.label_type if param.HasField("label_type") else Type.IMAGE
        self.form = FORMS[self._type]
        self.ignored = param.ignore_label if param.HasField("ignore_label") else IGNORED
        if not 0 <= self.ignored <= 255:
            raise ConfigError("ignore_label must be a label that a picture may have",
                              found=self.ignored, allowed="0 to 255")
        self._crop = crop_of(transform_param)
        self._factors = np.array(transform_param.scale_factors, np.float32)
        if (self._factors <= 0).any():
            raise ConfigError("scale_factors must be above 0",
                              found=", ".join(f"{factor:g}" for factor in self._factors))
        self._mirror = transform_param.mirror
        self._at_random = worker.phase == caffe_pb2.TRAIN
        rule = Transform()
        rule.CopyFrom(transform_param)
        for field in ("crop_size", "mirror"):  # what is done here
            rule.ClearField(field)
        super().__init__(param, rule, worker, transform_param)

    def load(self, pair: Pair) -> tuple[np.ndarray, Any]:
        if self._type == Type.PIXEL:
            return super().load(pair)
        picture = self.resized(self.read(pair))
        return picture, (np.full(picture.shape[1:], self._one_label(pair), np.uint8), pair.bits)

    def own_way(self, picture: np.ndarray, labels: np.ndarray, bits: tuple[int, ...]
                ) -> tuple[np.ndarray, Any]:
        size = labels.shape
        scale, mirror, row, column = bits
        picture, labels = self._scaled(picture, labels, scale)
        if self._crop[0]:
            picture, labels = self._padded(picture, labels)
            height, width = (have - wanted for have, wanted in
                             zip(labels.shape, self._crop, strict=True))
            top, left = ((below(row, height + 1), below(column, width + 1)) if self._at_random
                         else (height // 2, width // 2))
            picture, labels = cut(picture, labels, top, left, *self._crop)
        if self._mirror and below(mirror, 2):
            picture, labels = mirrored(picture, labels)
        return picture, (labels, size)

    def label_shapes(self, label: Any, count: int) -> list[Shape]:
        return [*super().label_shapes(label[0], count), (count, 1, 1, 2)]

    def finish(self, batch: Batch | Whole, labels: list[Any], share: Share) -> None:
        super().finish(batch, [one for one, _ in labels], share)
        most = batch.rest[0].shape[2:]
        batch.rest[1][:, 0, 0] = np.minimum([size for _, size in labels], most)

    def _one_label(self, pair: Pair) -> int:
        if self._type == Type.NONE:
            return self.ignored
        label = words.whole(pair.label, "the label of a picture", pair.path)
        if not 0 <= label <= 255:
            raise DataError("the label does not fit a picture of labels", found=label,
                            allowed="0 to 255")
        return label

    def _scaled(
        self, picture: np.ndarray, labels: np.ndarray, bits: int
    ) -> tuple[np.ndarray, np.ndarray]:
        if not len(self._factors):
            return picture, labels
        factor = self._factors[below(bits, len(self._factors))]
        if factor == 1:
            return picture, labels
        height, width = (int(np.float32(side) * factor) for side in labels.shape)
        if not (height and width):
            raise ShapeError("nothing of the picture is left at this scale_factor",
                             found=f"{labels.shape[0]} x {labels.shape[1]} times {factor:g}")
        return image.resize(picture, height, width), nearest(labels, height, width)

    def _padded(
        self, picture: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """At least as large as the crop: below and to the right lies the mean, and is ignored."""
        height, width = map(max, labels.shape, self._crop)
        if (height, width) == labels.shape:
            return picture, labels
        rows, columns = labels.shape
        large = np.full((height, width), self.ignored, np.uint8)
        large[:rows, :columns] = labels
        mean = self.transformer.mean_values
        padded = np.empty((len(picture), height, width), np.float32)
        padded[...] = mean if len(mean) in (1, len(picture)) else 0  # others are refused later
        padded[:, :rows, :columns] = picture
        return padded, large
