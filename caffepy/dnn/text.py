"""cv2.dnn's TextDetectionModel_EAST: lines of text in a picture, as boxes that may be turned."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from caffepy.dnn.model import Array, Model
from caffepy.dnn.net import Net
from caffepy.errors import ConfigError

MOST_TURNED = 60  # degrees
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
        import cv2

        found, scores = self.detectTextRectangles(frame)
        return tuple(np.rint(cv2.boxPoints(box)).astype(np.int32) for box in found), scores

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
        return (tuple(_lying(cv2.minAreaRect(cv2.boxPoints(boxes[i]) * ratio)) for i in kept),
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


def _lying(box: Turned) -> Turned:
    """The same box with the sides that are meant: text is wider than high, and turned by less than
    60 degrees."""
    centre, (wide, high), angle = box
    if wide >= high and abs(angle) < MOST_TURNED:
        return box
    return centre, (high, wide), angle + 90 if angle < 0 else angle - 90 if angle > 0 else angle
