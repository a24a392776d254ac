"""PriorLayer: rois as the priors of DetectionOutput. caffepy's own, for testing in a net.

bottom  rois, R x 5: 0, x1, y1, x2, y2, both ends within; height, width and scale of the picture
top     1 x 2 x 4R, as PriorBox's: of each roi x1 / width, y1 / height, (x2 + 1) / width and
        (y2 + 1) / height; then its variances
param   param_str: "'variance': [0.1, 0.1, 0.2, 0.2]"; all 1 without it

Deltas are to a roi what SSD's locations are to a prior, so DetectionOutput { share_location: false
code_type: CENTER_SIZE } decodes them, and its boxes are shares of the picture. A net that has
learned targets by BBOX_NORMALIZE_TARGETS_PRECOMPUTED has BBOX_NORMALIZE_STDS for variances.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.errors import ConfigError, DataError
from caffepy.standins._layer import StandIn


class PriorLayer(StandIn):
    bottoms = "2"
    tops = "1"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.variance = self.settings().get("variance", [1, 1, 1, 1])
        if np.shape(self.variance) != (4,):
            self.fail("variance is four numbers", kind=ConfigError, found=repr(self.variance))
        top[0].reshape(1, 2, 4)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        rois = bottom[0].data.reshape(-1, 5)
        if rois[:, 0].any():
            self.fail("one picture at a time", kind=DataError,
                      found=f"rois of pictures up to {rois[:, 0].max():g}")
        height, width = bottom[1].data.reshape(-1)[:2]
        boxes = (rois[:, 1:] + [0, 0, 1, 1]) / [width, height, width, height]
        top[0].reshape(1, 2, 4 * len(rois))
        top[0].data[0] = boxes.reshape(-1), np.tile(self.variance, len(rois))
