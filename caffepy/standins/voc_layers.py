"""FCN's data layers over PASCAL VOC and its larger set SBDD (Shelhamer, Long, Darrell, 2016).

param   param_str: "{'voc_dir': '../data/pascal/VOC2011', 'split': 'seg11valid',
        'mean': (104.00699, 116.66877, 122.67892)}"; SBDD's has 'sbdd_dir', its folder ``dataset``

Labels are 0 to 20, and 255 where nobody shall say. The rest is _segmentation.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.memory import Array
from caffepy.errors import DataError
from caffepy.standins import _mat
from caffepy.standins._numbered import read_numbers
from caffepy.standins._segmentation import SegmentationLayer, picture


class VOCSegDataLayer(SegmentationLayer):
    """JPEGImages and SegmentationClass, by ImageSets/Segmentation."""

    needed = ("voc_dir", "mean")
    lists = "{voc_dir}/ImageSets/Segmentation/{split}.txt"

    def load(self, item: str) -> Sequence[Array]:
        folder = self.given["voc_dir"]
        label = read_numbers(f"{folder}/SegmentationClass/{item}.png")
        return picture(f"{folder}/JPEGImages/{item}.jpg", self.given["mean"]), label[None]


class SBDDSegDataLayer(SegmentationLayer):
    """img and cls, by the lists beside them."""

    needed = ("sbdd_dir", "mean")
    lists = "{sbdd_dir}/{split}.txt"

    def load(self, item: str) -> Sequence[Array]:
        folder = self.given["sbdd_dir"]
        path = f"{folder}/cls/{item}.mat"
        try:
            label = np.asarray(_mat.read(path)["GTcls"]["Segmentation"])
        except (KeyError, TypeError):
            raise DataError("there is no GTcls with a Segmentation", where=path) from None
        return picture(f"{folder}/img/{item}.jpg", self.given["mean"]), label[None]
