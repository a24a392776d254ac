"""A batch of Fast R-CNN's or Faster R-CNN's, made of entries of a roidb.

An entry is a dictionary: ``image``, a path; ``flipped``, whether it is to be mirrored, as its boxes
are already; ``boxes`` (n, 4), x1, y1, x2, y2; ``gt_classes`` (n,), 0 for boxes that are no
object's. Fast R-CNN wants of each box ``max_overlaps``, ``max_classes`` and ``bbox_targets``, which
roidb.py computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.data.image import read_image
from caffepy.errors import ConfigError
from caffepy.standins import _rois
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.utils.blob import im_list_to_blob, prep_im_for_blob

Entry = dict[str, Any]


def get_minibatch(roidb: Sequence[Entry], num_classes: int,
                  generator: np.random.Generator | None = None, testing: bool = False
                  ) -> dict[str, Array]:
    """Blobs by name, for all entries of ``roidb``: data, N x 3 x H x W, and

    with cfg.TRAIN.HAS_RPN, for one entry: im_info, 1 x 3: height and width of the input and the
        scale of the picture; gt_boxes, K x 5: box and class of each object
    else rois, R x 5; labels, R; with BBOX_REG also bbox_targets, bbox_inside_weights and
        bbox_outside_weights, R x 4C

    Args:
        generator: draws the scale of each picture, and rois; a new one by default.
        testing: the first scale of cfg.TEST counts, and objects are given, whatever HAS_RPN says.

    Raises:
        ConfigError: settings that do not go together.
        NotFound, DataError: a picture is not there, or cannot be read.
    """
    settings, generator = cfg.TRAIN, generator or np.random.default_rng()
    sizes = cfg.TEST if testing else settings
    scales = generator.integers(1 if testing else len(sizes.SCALES), size=len(roidb))
    pictures, factors = zip(*[
        prep_im_for_blob(_picture(entry), cfg.PIXEL_MEANS, sizes.SCALES[scale], sizes.MAX_SIZE)
        for entry, scale in zip(roidb, scales, strict=True)], strict=True)
    data = im_list_to_blob(pictures)
    if not (settings.HAS_RPN or testing):
        return {"data": data, **_rois_of(roidb, factors, num_classes, generator)}
    if len(roidb) != 1:
        raise ConfigError("with cfg.TRAIN.HAS_RPN there is one picture in a batch",
                          found=f"{len(roidb)}", fix="Set cfg.TRAIN.IMS_PER_BATCH to 1.")
    classes = np.asarray(roidb[0]["gt_classes"])
    boxes = np.asarray(roidb[0]["boxes"], np.float64) * factors[0]
    objects = np.column_stack([boxes, classes])[classes != 0]
    return {"data": data, "im_info": np.array([[*data.shape[2:], factors[0]]]),
            "gt_boxes": objects}


def _picture(entry: Entry) -> Array:
    picture = read_image(entry["image"]).transpose(1, 2, 0)
    return picture[:, ::-1] if entry["flipped"] else picture


def _rois_of(roidb: Sequence[Entry], factors: Sequence[float], classes: int,
             generator: np.random.Generator) -> dict[str, Array]:
    settings = cfg.TRAIN
    if settings.BATCH_SIZE != -1 and settings.BATCH_SIZE % len(roidb):
        raise ConfigError("each picture gives as many rois",
                          found=f"cfg.TRAIN.BATCH_SIZE {settings.BATCH_SIZE} for {len(roidb)} "
                                "pictures")
    most = np.inf if settings.BATCH_SIZE == -1 else settings.BATCH_SIZE // len(roidb)
    regressed = 2 if settings.AGNOSTIC else classes
    parts = []
    for number, (entry, factor) in enumerate(zip(roidb, factors, strict=True)):
        taken, foreground = _rois.sampled(entry["max_overlaps"], most, settings, generator)
        boxes = entry["boxes"][taken] * factor
        labels = np.where(np.arange(len(taken)) < foreground, entry["max_classes"][taken], 0)
        part = [np.column_stack([np.full(len(taken), number), boxes]), labels]
        if settings.BBOX_REG:
            targets = entry["bbox_targets"][taken]
            part += _rois.spread(targets[:, 0], targets[:, 1:], regressed, settings)
        parts.append(part)
    names = ("rois", "labels", "bbox_targets", "bbox_inside_weights")
    blobs = {name: np.concatenate(values)
             for name, values in zip(names, zip(*parts, strict=True), strict=False)}
    if settings.BBOX_REG:
        blobs["bbox_outside_weights"] = blobs["bbox_inside_weights"] > 0
    return blobs
