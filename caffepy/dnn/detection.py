"""cv2.dnn's DetectionModel: boxes in a picture, of nets that end with a DetectionOutput."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core import traits
from caffepy.dnn.model import REGIONS, Array, Model
from caffepy.errors import ConfigError


class DetectionModel(Model):
    """A net whose last layer gives rows of image, class, score and four sides."""

    _across = False

    def setNmsAcrossClasses(self, value: bool) -> DetectionModel:
        """Kept, and of no effect: boxes have been thinned out within the net."""
        self._across = bool(value)
        return self

    def getNmsAcrossClasses(self) -> bool:
        """What was set."""
        return self._across

    def detect(self, frame: Array, confThreshold: float = 0.5, nmsThreshold: float = 0.0
               ) -> tuple[Any, Any, Any]:
        """Classes (n), scores (n) and boxes (n x 4: left, top, width, height in pixels of the
        picture); three empty tuples if there are none.

        Args:
            nmsThreshold: of no effect, as in OpenCV, where nets with a DetectionOutput have
                thinned out their boxes themselves.

        Raises:
            ConfigError: the net ends otherwise.
        """
        last = self.net.getLayer(self.net.getLayerNames()[-1])
        if not traits.of(last.type).detects:
            raise ConfigError(f"Unknown output layer type: {last.type!r}",
                              allowed="a net that ends with a DetectionOutput layer")
        found = np.concatenate([out.reshape(-1, 7) for out in self.predict(frame)])
        found = found[found[:, 2] >= np.float32(confThreshold)]
        if not len(found):
            return (), (), ()
        height, width = frame.shape[:2]
        if REGIONS in self.net.inputs:
            width, height = self.size
        return (found[:, 1].astype(np.int32), found[:, 2].copy(),
                boxes(found[:, 3:], width, height))


def boxes(sides: Array, width: int, height: int) -> Array:
    """Left, top, width and height in whole pixels, within the picture.

    Args:
        sides: n x 4, left, top, right and bottom: pixels, or shares of the picture's width and
            height, which a box of at most two pixels is taken for.
    """
    size = np.array([width, height, width, height], np.float32)
    pixels = sides.astype(np.int32)
    shares = (pixels[:, 2:] - pixels[:, :2] + 1 <= 2).any(1)
    pixels[shares] = (sides[shares] * size).astype(np.int32)
    extent = pixels[:, 2:] - pixels[:, :2] + 1
    most = np.array([width, height], np.int32)
    start = np.clip(pixels[:, :2], 0, most - 1)
    return np.concatenate([start, np.clip(extent, 1, most - start)], axis=1).astype(np.int32)
