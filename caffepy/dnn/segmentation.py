"""cv2.dnn's SegmentationModel: the class of each place."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.dnn.model import Array, Model


class SegmentationModel(Model):
    """A net with one output, N x classes x H x W."""

    def segment(self, frame: Array, mask: Any = None) -> Array:
        """H x W of the net's output, uint8: the class with the highest number, of equal ones the
        first."""
        return self.one_output(frame)[0].argmax(0).astype(np.uint8)
