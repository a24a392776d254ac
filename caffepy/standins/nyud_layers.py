"""FCN's data layer over NYUDv2: colours and depths of rooms, in the 40 classes of Gupta et al.,
2014.

top     as 'tops' says: color and hha, less their means; depth, its log less the mean; label
param   param_str: "{'nyud_dir': '../data/nyud', 'split': 'trainval', 'tops': ['color', 'label']}"

Classes are 0 to 39, and 255 where there is none. The rest is _segmentation.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.data.image import read_image
from caffepy.errors import ConfigError
from caffepy.standins import _mat
from caffepy.standins._numbered import read_numbers
from caffepy.standins._segmentation import SegmentationLayer, picture

COLOR = (116.190, 97.203, 92.318)
HHA = np.array([132.431, 94.076, 118.477]).reshape(3, 1, 1)
LOG_DEPTH = 7.844
KNOWN = ("color", "depth", "hha", "label")


class NYUDSegDataLayer(SegmentationLayer):
    """data/images, data/depth, data/hha and segmentation."""

    tops = "1-4"
    needed = ("nyud_dir", "tops")
    lists = "{nyud_dir}/{split}.txt"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        wanted = self.given["tops"]
        if not {*wanted} <= {*KNOWN} or len(wanted) != len(top):
            self.fail("'tops' says what each top is", kind=ConfigError,
                      found=f"{wanted} for {len(top)} tops", allowed=", ".join(KNOWN))

    def load(self, item: str) -> Sequence[Array]:
        return [self._load(kind, item) for kind in self.given["tops"]]

    def _load(self, kind: str, item: str) -> Array:
        folder = self.given["nyud_dir"]
        if kind == "color":
            return picture(f"{folder}/data/images/img_{item}.png", COLOR)
        if kind == "hha":  # in the file's order, red first
            return read_image(f"{folder}/data/hha/img_{item}.png")[::-1] - HHA
        if kind == "depth":
            depth = read_numbers(f"{folder}/data/depth/img_{item}.png")
            return (np.log(depth.astype(np.float32)) - LOG_DEPTH)[None]
        label = _mat.read(f"{folder}/segmentation/img_{item}.mat")["segmentation"]
        return (label.astype(np.uint8) - np.uint8(1))[None]  # 0 becomes 255
