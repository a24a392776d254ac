"""Pictures and boxes in a folder like Pascal VOC's, as a roidb.

    VOC2007/ImageSets/Main/trainval.txt     names, one a line (a number behind it is passed over)
    VOC2007/Annotations/000005.xml          see caffepy/data/voc.py
    VOC2007/JPEGImages/000005.jpg           or .jpeg, .png, .bmp

A box's corners are counted from 1 there and from 0 in a roidb; both ends are within. Boxes are cut
to the picture. Difficult objects are left out, as in py-faster-rcnn, unless they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from caffepy.data import voc
from caffepy.data.image import read_image
from caffepy.data.label_map import Numbers
from caffepy.errors import DataError, NotFound
from caffepy.proto import textfile
from caffepy.proto.files import file_error
from caffepy.standins.datasets.imdb import imdb
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.roi_data_layer.minibatch import Entry

CLASSES = (
    "__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat",
    "chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep",
    "sofa", "train", "tvmonitor")
KINDS = (".jpg", ".jpeg", ".png", ".bmp", ".JPG", ".JPEG", ".PNG")


class Folder(imdb):
    """Any folder of this layout.

    Args:
        folder: that has ImageSets, Annotations and JPEGImages.
        image_set: of ImageSets/Main.
        classes: their names, the background's first.
        difficult: take difficult objects, too; entries say which they are.

    Raises:
        NotFound: no such folder or set. DataError: a set without a picture.
    """

    def __init__(self, folder: str, image_set: str, classes: Sequence[str] = CLASSES,
                 difficult: bool = False) -> None:
        super().__init__(f"{os.path.basename(os.path.normpath(folder))}_{image_set}")
        self.folder, self.classes, self.difficult = folder, tuple(classes), difficult
        path = os.path.join(folder, "ImageSets", "Main", f"{image_set}.txt")
        try:
            lines = textfile.read_lines(path)
        except NotFound:
            raise NotFound("there is no list of this image set", where=path,
                           fix="The folder has ImageSets/Main, Annotations and JPEGImages, as "
                               "VOC2007 has.") from None
        self.image_index = [line.split()[0] for line in lines if line.strip()]
        if not self.image_index:
            raise DataError("the image set names no picture", where=path)
        labels = {name: label for label, name in enumerate(self.classes)}
        self._numbers = Numbers(labels, {}, frozenset(labels.values()), "the classes of the set")

    def default_roidb(self) -> list[Entry]:
        return self.gt_roidb()

    def gt_roidb(self) -> list[Entry]:
        """The objects' own boxes.

        Raises:
            NotFound, DataError: a picture or an annotation; with its path.
        """
        return [self._entry(name) for name in self.image_index]

    def image_path_at(self, i: int) -> str:
        return self.image_path_from_index(self.image_index[i])

    def image_path_from_index(self, index: str) -> str:
        """The file of the picture of that name; raises NotFound."""
        place = os.path.join(self.folder, "JPEGImages", index)
        for kind in KINDS:
            if os.path.exists(place + kind):
                return place + kind
        raise NotFound("there is no such picture", where=f"{place}{KINDS[0]}")

    def _entry(self, name: str) -> Entry:
        path = os.path.join(self.folder, "Annotations", f"{name}.xml")
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            raise NotFound("there is no such annotation", where=path) from None
        except OSError as error:
            raise file_error(error, path, "read") from error
        found = voc.parse(data, path, self._numbers)
        if found.problems:
            raise found.problems[0]
        image = self.image_path_from_index(name)
        height, width = found.size or read_image(image).shape[1:]
        boxes = [box for box in found.boxes if self.difficult or not box.difficult]
        corners = np.array([box.corners for box in boxes], np.float32).reshape(-1, 4) - 1
        if not np.isfinite(corners).all():
            raise DataError("a box has corners that are no numbers", where=path)
        corners = np.clip(corners, 0, np.array([width - 1, height - 1] * 2, np.float32))
        there = (corners[:, :2] <= corners[:, 2:]).all(1)
        classes = np.array([box.label for box in boxes], np.int32)[there]
        return {"image": image, "flipped": False, "width": width, "height": height,
                "boxes": corners[there], "gt_classes": classes,
                "gt_overlaps": np.eye(self.num_classes, dtype=np.float32)[classes],
                "difficult": np.array([box.difficult for box in boxes], bool)[there]}


class pascal_voc(Folder):
    """VOC's own sets, in ``VOCdevkit2007/VOC2007`` of ``cfg.DATA_DIR``."""

    def __init__(self, image_set: str, year: str, devkit_path: str | None = None) -> None:
        devkit = devkit_path or os.path.join(cfg.DATA_DIR, f"VOCdevkit{year}")
        super().__init__(os.path.join(devkit, f"VOC{year}"), image_set)
        self.name = f"voc_{year}_{image_set}"
