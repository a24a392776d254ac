"""A part of the picture that gets another size: what nearly all random crops are."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.proto import caffe_pb2


class Part(NamedTuple):
    """A window, in pixels, the size that it is brought to, and OpenCV's interpolation."""

    top: int
    left: int
    height: int
    width: int
    tall: int
    wide: int
    how: int = 1  # linear

    def of(self, pixels: np.ndarray, how: int | None = None) -> np.ndarray:
        """The part of a picture."""
        import cv2

        cut = pixels[self.top : self.top + self.height, self.left : self.left + self.width]
        if (self.tall, self.wide) == (self.height, self.width):
            return np.ascontiguousarray(cut)
        return cv2.resize(cut, (self.wide, self.tall),
                          interpolation=self.how if how is None else how)


class TakesPart(Change):
    """A change that says a part; boxes are cut at its sides, labels are those of nearest pixels.

    Args:
        emit: which boxes stay on the part.
    """

    def __init__(self, emit: caffe_pb2.EmitConstraint | None = None) -> None:
        self.emit = emit

    @abstractmethod
    def part(self, height: int, width: int, dice: Dice) -> Part | None:
        """Of a picture of this size; None leaves it as it is."""

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        height, width = pixels.shape[:2]
        part = self.part(height, width, dice)
        if part is None:
            return pixels, boxes
        if len(boxes) and (part.height, part.width) != (height, width):
            window = np.array([part.left / width, part.top / height,
                               (part.left + part.width) / width,
                               (part.top + part.height) / height], np.float32)
            boxes = boxes_of.cut(boxes, window, self.emit)
        return part.of(pixels), boxes

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        import cv2

        part = self.part(labels.shape[0], labels.shape[1], dice)
        return labels if part is None else part.of(labels, cv2.INTER_NEAREST)


def whole(height: int, width: int, tall: int, wide: int, how: int = 1) -> Part | None:
    """All of a picture in another size; None if it has that."""
    if (height, width) == (tall, wide):
        return None
    return Part(0, 0, height, width, tall, wide, how)
