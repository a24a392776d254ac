"""FCN's data layer over PASCAL-Context: VOC 2010 in the 59 classes of Mottaghi et al., 2014.

param   param_str: "{'voc_dir': '../data/pascal', 'context_dir': '../data/pascal-context',
        'split': 'train'}"; VOC2010 lies in voc_dir

Classes are 1 to 59, and 0 where there is another. The rest is _segmentation.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import DataError, NotFound
from caffepy.standins import _mat
from caffepy.standins._segmentation import SegmentationLayer, picture

MEAN = (104.007, 116.669, 122.679)
RENAMED = {"diningtable": "table", "bedcloth": "bedclothes", "clothes": "cloth"}


class PASCALContextSegDataLayer(SegmentationLayer):
    """VOC's JPEGImages, and trainval of PASCAL-Context."""

    needed = ("voc_dir", "context_dir")
    lists = "{voc_dir}/VOC2010/ImageSets/Main/{split}.txt"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        every, wanted = (self._names(name) for name in ("labels.txt", "59_labels.txt"))
        self.class_of = np.zeros(len(every) + 1, np.uint8)  # by the number among all labels
        for number, name in enumerate(wanted, 1):
            name = RENAMED.get(name, name)
            if name not in every:
                self.fail("a class of 59_labels.txt is not in labels.txt", kind=DataError,
                          found=name)
            self.class_of[every.index(name) + 1] = number

    def _names(self, name: str) -> list[str]:
        """Of lines like ``1: accordion``."""
        path = f"{self.given['context_dir']}/{name}"
        try:
            with open(path) as file:
                return [line.partition(":")[2].replace(" ", "").strip()
                        for line in file if line.strip()]
        except FileNotFoundError:
            self.fail("there is no list of classes", kind=NotFound, found=path)

    def load(self, item: str) -> Sequence[Array]:
        number = _mat.read(f"{self.given['context_dir']}/trainval/{item}.mat")["LabelMap"]
        label = self.class_of[np.asarray(number).astype(int).clip(0, len(self.class_of) - 1)]
        return picture(f"{self.given['voc_dir']}/VOC2010/JPEGImages/{item}.jpg", MEAN), label[None]
