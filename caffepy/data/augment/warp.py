"""Turned, sheared, stretched, moved, seen aslant: pictures through a 3 x 3 matrix."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment import outside
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.proto import caffe_pb2

FLAT = (0, 0, 1)  # an affine matrix's last row


class Move(NamedTuple):
    """Where pixels go.

    Attributes:
        matrix: 3 x 3, float64; (x, y, 1), counted from the middle of the first pixel, becomes its
            place times a factor.
        size: height and width of the picture that is made.
    """

    matrix: np.ndarray
    size: tuple[int, int]


class Warp(Change):
    """A change that says a move.

    Args:
        word: of its message, for errors.
        how: the interp_mode of pictures; labels are those of nearest pixels.
        mode, values: the pad_mode and pad_value of what lies outside the picture.
        emit: which boxes stay. A box becomes the least upright one around its corners.
    """

    def __init__(self, word: str, how: int = outside.P.LINEAR, mode: int = outside.P.CONSTANT,
                 values: tuple[float, ...] = (),
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        self.word, self.how, self.mode, self.values = word, how, mode, values
        self.emit = emit

    @abstractmethod
    def move(self, height: int, width: int, dice: Dice) -> Move | None:
        """Of a picture of this size; None leaves it as it is."""

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        height, width = pixels.shape[:2]
        move = self.move(height, width, dice)
        if move is None:
            return pixels, boxes
        fill = outside.fill(f"{self.word}: pad_value", self.values, pixels)
        made = _warped(pixels, move, outside.interpolation(self.how), outside.border(self.mode),
                       fill)
        return made, self._moved(boxes, move, height, width)

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        import cv2

        move = self.move(labels.shape[0], labels.shape[1], dice)
        if move is None:
            return labels
        return _warped(labels, move, cv2.INTER_NEAREST, outside.border(self.mode), [ignored])

    def _moved(self, boxes: np.ndarray, move: Move, height: int, width: int) -> np.ndarray:
        if not len(boxes):
            return boxes
        boxes = boxes.copy()
        corners = boxes[:, [2, 3, 4, 3, 4, 5, 2, 5]].reshape(-1, 4, 2).astype(np.float64)
        # a place is counted from the picture's edge, half a pixel before that of the first one
        corners = corners * (width, height) - 0.5
        moved = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], 2) @ move.matrix.T
        places = (moved[..., :2] / moved[..., 2:] + 0.5) / move.size[::-1]
        boxes[:, 2:4], boxes[:, 4:6] = places.min(1), places.max(1)
        return boxes_of.cut(boxes, boxes_of.WHOLE, self.emit)


def _warped(pixels: np.ndarray, move: Move, how: int, mode: int, fill: list[float]) -> np.ndarray:
    import cv2

    size = move.size[::-1]
    if tuple(move.matrix[2]) == FLAT:
        return cv2.warpAffine(pixels, move.matrix[:2], size, flags=how, borderMode=mode,
                              borderValue=fill)
    return cv2.warpPerspective(pixels, move.matrix, size, flags=how, borderMode=mode,
                               borderValue=fill)


def shift(x: float, y: float) -> np.ndarray:
    """The matrix that moves by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
