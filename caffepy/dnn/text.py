"""cv2.dnn's TextDetectionModel_EAST: lines of text in a picture, as boxes that may be turned."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from caffepy.dnn.model import Array, Model
from caffepy.dnn.net import Net
from caffepy.errors import ConfigError

STRIDE = 4  # pixels of the input for each place of the maps
Turned = tuple[tuple[float, float], tuple[float, float], float]  # centre, size, degrees


class TextDetectionModel_EAST(Model):
    """A net with two outputs, N x 1 x H x W scores and N x 5 x H x W geometry: the distances to the
    box's top, right, bottom and left, and its angle (Zhou et al., "EAST: An Efficient and Accurate
    Scene Text Detector"). In either order.
    """

    def __init__(self, model: Net | str | os.PathLike[str], config: str | os.PathLike[str] = ""
                 ) -> None:
        super().__init__(model, config)
        self._confidence, self._overlap = 0.5, 0.0

    def setConfidenceThreshold(self, confThreshold: float) -> TextDetectionModel_EAST:
        """The least score of a box (0.5)."""
        self._confidence = float(confThreshold)
        return self

    def getConfidenceThreshold(self) -> float:
        """What was set."""
        return self._confidence

    def setNMSThreshold(self, nmsThreshold: float) -> TextDetectionModel_EAST:
        """How much of two boxes may overlap (0)."""
        self._overlap = float(nmsThreshold)
        return self

    def getNMSThreshold(self) -> float:
        """What was set."""
        return self._overlap

    def detect(self, frame: Array) -> tuple[tuple[Array, ...], Any]:
        """The corners of each box, 4 x 2 in whole pixels, and the scores."""
        found, scores = self.detectTextRectangles(frame)
        return tuple(np.rint(_corners(box)).astype(np.int32) for box in found), scores

    def detectTextRectangles(self, frame: Array) -> tuple[tuple[Turned, ...], Any]:
        """Centre, size and angle of each box, in pixels of the picture, and the scores.

        Raises:
            ConfigError: the net's outputs are others.
        """
        import cv2

        scores, geometry = self._maps(frame)
        y, x = np.nonzero(scores >= np.float32(self._confidence))
        boxes = _boxes(geometry[:, y, x], x, y)
        found = scores[y, x]
        kept = np.array(cv2.dnn.NMSBoxesRotated(
            boxes, found.tolist(), self._confidence, self._overlap) if boxes else (), int)
        if not len(kept):
            return (), ()
        ratio = np.divide(frame.shape[1::-1], self.size).astype(np.float32)
        return (tuple(_stretched(boxes[i], ratio) for i in kept),
                found[kept])

    def _maps(self, frame: Array) -> tuple[Array, Array]:
        outputs = self.predict(frame)
        shapes = [output.shape[1:2] for output in outputs]
        if sorted(shapes) != [(1,), (5,)]:
            raise ConfigError("EAST needs a net with a map of scores and one of geometry",
                              found=", ".join(str(output.shape) for output in outputs),
                              allowed="N x 1 x H x W and N x 5 x H x W",
                              fix="setOutputNames([scores, geometry]) says which they are.")
        scores, geometry = outputs if shapes[0] == (1,) else outputs[::-1]
        return scores[0, 0], geometry[0]


def _boxes(geometry: Array, x: Array, y: Array) -> list[Turned]:
    """A box for each place.

    Args:
        geometry: 5 x places.
    """
    top, right, bottom, left, angle = geometry
    cos, sin = np.cos(angle), np.sin(angle)
    high, wide = top + bottom, right + left
    corner_x = STRIDE * x + cos * right + sin * bottom
    corner_y = STRIDE * y - sin * right + cos * bottom
    centre_x = corner_x - 0.5 * (sin * high + cos * wide)
    centre_y = corner_y - 0.5 * (cos * high - sin * wide)
    degrees = -np.degrees(angle)
    return [((float(a), float(b)), (float(w), float(h)), float(turn)) for a, b, w, h, turn
            in zip(centre_x, centre_y, wide, high, degrees, strict=True)]


def _corners(box: Turned) -> Array:
    """Its corners, 4 x 2: of a box that is not turned bottom left, top left, top right, bottom
    right."""
    centre, (wide, high), angle = np.array(box[0]), box[1], np.radians(box[2])
    along = np.array([np.cos(angle), np.sin(angle)]) * wide / 2
    down = np.array([-np.sin(angle), np.cos(angle)]) * high / 2
    return np.array([centre - along + down, centre - along - down, centre + along - down,
                     centre + along + down], np.float32)


def _stretched(box: Turned, ratio: Array) -> Turned:
    """A box in a picture that is stretched: the smallest around it there, its sides told apart by
    the angle, which is that nearest to before."""
    import cv2

    (x, y), (wide, high), angle = cv2.minAreaRect(_corners(box) * ratio)
    turns = round((box[2] - angle) / 90)
    return (x, y), (high, wide) if turns % 2 else (wide, high), angle + 90 * turns
