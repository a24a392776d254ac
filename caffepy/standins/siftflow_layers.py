"""FCN's data layer over SIFT Flow: outdoor scenes with two kinds of labels.

top     data; classes of things, 0 to 32; kinds of surfaces, 0 to 2; 255 where there is none
param   param_str: "{'siftflow_dir': '../data/sift-flow', 'split': 'trainval'}"

The rest is _segmentation.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.memory import Array
from caffepy.standins import _mat
from caffepy.standins._segmentation import SegmentationLayer, picture

MEAN = (114.578, 115.294, 108.353)
SCENES = "spatial_envelope_256x256_static_8outdoorcategories"


class SIFTFlowSegDataLayer(SegmentationLayer):
    """Images, SemanticLabels and GeoLabels."""

    tops = "3"
    needed = ("siftflow_dir",)
    lists = "{siftflow_dir}/{split}.txt"

    def load(self, item: str) -> Sequence[Array]:
        folder = self.given["siftflow_dir"]
        labels = [_mat.read(f"{folder}/{kind}/{SCENES}/{item}.mat")["S"]
                  for kind in ("SemanticLabels", "GeoLabels")]
        # -1 and 0 are no class, and the first is 1
        return [picture(f"{folder}/Images/{SCENES}/{item}.jpg", MEAN),
                *((np.maximum(label, 0).astype(np.uint8) - np.uint8(1))[None] for label in labels)]
