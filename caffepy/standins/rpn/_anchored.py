"""What the layers over a map of anchors share."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import ShapeError
from caffepy.standins._layer import StandIn
from caffepy.standins.rpn.generate_anchors import generate_anchors


class Anchored(StandIn):
    """A cell of the map is feat_stride pixels of the picture; each has all anchors.

    Attributes:
        anchors: those of the first cell, (A, 4).
    """

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.given: dict[str, Any] = self.settings("feat_stride")
        self.stride = self.given["feat_stride"]
        # R-FCN and PVANET have scales, PVANET ratios and base_size as well
        sizes = {name: self.given[name] for name in ("base_size", "ratios", "scales")
                 if name in self.given}
        try:
            self.anchors = generate_anchors(**sizes)
        except (TypeError, ValueError):
            self.fail("anchors are made of a base_size and of lists of ratios and scales",
                      found=repr(self.param_str))

    def everywhere(self, height: int, width: int) -> Array:
        """The anchors of all cells, by cell, row by row, (H * W * A, 4), float64."""
        shift = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1) * self.stride
        return (np.tile(shift, 2)[:, :, None] + self.anchors).reshape(-1, 4)

    def cells(self, bottom: Blobs, channels: int) -> tuple[int, int]:
        """Height and width of the map; an error if it has not so many channels for each anchor."""
        shape = bottom[0].shape
        if len(shape) != 4 or shape[0] != 1:
            self.fail("one picture at a time", kind=ShapeError, found=f"shape {shape}",
                      allowed="(1, channels, height, width)")
        if shape[1] != channels * len(self.anchors):
            self.fail(f"there are {len(self.anchors)} anchors, and each has {channels} scores",
                      kind=ShapeError, found=f"shape {shape}",
                      fix="Give the scales and ratios that the net was trained with in param_str.")
        return shape[2], shape[3]

    def info(self, bottom: Blobs) -> Array:
        """Of the picture in the net's input, height, width, and by how much it was scaled."""
        if bottom[2].count < 3:
            self.fail("the third bottom is height, width and scale of the picture",
                      kind=ShapeError, found=f"shape {bottom[2].shape}")
        return np.array(bottom[2].data.reshape(-1)[:3])
