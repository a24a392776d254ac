"""What Fast R-CNN wants to know of a roidb's boxes beside their classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.data.image import read_image
from caffepy.errors import DataError
from caffepy.layers.regions.boxes import deltas, table
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.roi_data_layer.minibatch import Entry


def prepare_roidb(imdb: Any) -> None:
    """Give the entries of ``imdb.roidb`` their ``image``, ``width``, ``height``, and of each box
    the class that it overlaps most and how far, ``max_classes`` and ``max_overlaps``.

    Args:
        imdb: has ``roidb``, ``image_index`` and ``image_path_at(i)``. An entry's ``gt_overlaps``
            are boxes by classes, an array or one of SciPy's sparse ones.
    """
    for i, entry in enumerate(imdb.roidb[: len(imdb.image_index)]):
        entry["image"] = imdb.image_path_at(i)
        if not ("height" in entry and "width" in entry):
            entry["height"], entry["width"] = read_image(entry["image"]).shape[1:]
        overlaps = _dense(entry["gt_overlaps"])
        entry["max_classes"] = overlaps.argmax(1)
        entry["max_overlaps"] = overlaps.max(1, initial=0)
        if ((entry["max_overlaps"] > 0) != (entry["max_classes"] > 0)).any():
            raise DataError("boxes that overlap an object have its class, others class 0",
                            where=f"entry {i} of the roidb")


def add_bbox_regression_targets(roidb: Sequence[Entry]) -> tuple[Array, Array]:
    """Give entries their ``bbox_targets``, (n, 5): class and deltas to the object that a box
    overlaps by cfg.TRAIN.BBOX_THRESH or more, else zeros.

    With BBOX_NORMALIZE_TARGETS the deltas are less the means of their class and divided by its
    standard deviations, which are the roidb's, or BBOX_NORMALIZE_MEANS and _STDS if
    BBOX_NORMALIZE_TARGETS_PRECOMPUTED.

    Returns: these means and standard deviations, (4 * classes,) both.
    """
    settings = cfg.TRAIN
    classes = 2 if settings.AGNOSTIC else _dense(roidb[0]["gt_overlaps"]).shape[1]
    for entry in roidb:
        entry["bbox_targets"] = _targets(entry["boxes"], entry["max_overlaps"],
                                         entry["max_classes"], settings.BBOX_THRESH)
    every = np.concatenate([entry["bbox_targets"] for entry in roidb])
    means, stds = np.zeros((2, classes, 4))
    if settings.BBOX_NORMALIZE_TARGETS_PRECOMPUTED:
        means[:], stds[:] = settings.BBOX_NORMALIZE_MEANS, settings.BBOX_NORMALIZE_STDS
    for number in range(1, classes):
        of_class = every[every[:, 0] == number, 1:].astype(np.float64)
        if len(of_class) and not settings.BBOX_NORMALIZE_TARGETS_PRECOMPUTED:
            means[number], stds[number] = of_class.mean(0), of_class.std(0)
    if settings.BBOX_NORMALIZE_TARGETS:
        for entry in roidb:
            targets = entry["bbox_targets"]
            for number in range(1, classes):
                rows = targets[:, 0] == number
                # a deviation of 0, where a class has one box alone, has nothing to divide
                targets[rows, 1:] = ((targets[rows, 1:] - means[number])
                                     / np.where(stds[number] > 0, stds[number], 1))
    return means.ravel(), stds.ravel()


def _dense(overlaps: Any) -> Array:
    return np.asarray(overlaps.toarray() if hasattr(overlaps, "toarray") else overlaps)


def _targets(boxes: Array, overlaps: Array, classes: Array, threshold: float) -> Array:
    targets = np.zeros((len(boxes), 5), np.float32)
    objects, rows = boxes[overlaps == 1], np.flatnonzero(overlaps >= threshold)
    if len(objects) and len(rows):
        nearest = objects[table(boxes[rows], objects).argmax(1)]
        targets[rows, 0] = classes[rows]
        targets[rows, 1:] = deltas(boxes[rows].astype(np.float64), nearest.astype(np.float64))
    return targets
