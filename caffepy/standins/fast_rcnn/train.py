"""From a data set to what py-faster-rcnn trains on, and from its weights to those it gives away.

    imdb = get_imdb("voc_2007_trainval")
    imdb.set_proposal_method("gt")
    solver.net.layers[0].set_roidb(filter_roidb(get_training_roidb(imdb)))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.standins.datasets.imdb import imdb
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.roi_data_layer.minibatch import Entry
from caffepy.standins.roi_data_layer.roidb import prepare_roidb


def get_training_roidb(imdb: imdb) -> list[Entry]:
    """The entries of a data set, with TRAIN.USE_FLIPPED a mirrored one of each behind them."""
    if cfg.TRAIN.USE_FLIPPED:
        imdb.append_flipped_images()
    prepare_roidb(imdb)
    return imdb.roidb


def filter_roidb(roidb: Sequence[Entry]) -> list[Entry]:
    """The entries that have a box to learn from, foreground or background."""
    settings = cfg.TRAIN

    def usable(overlaps: Any) -> bool:
        background = (overlaps < settings.BG_THRESH_HI) & (overlaps >= settings.BG_THRESH_LO)
        return bool(((overlaps >= settings.FG_THRESH) | background).any())
    return [entry for entry in roidb if usable(np.asarray(entry["max_overlaps"]))]


def unnormalize(net: Any, layer: str = "bbox_pred") -> None:
    """Let a layer that has learned targets with BBOX_NORMALIZE_TARGETS_PRECOMPUTED predict deltas
    as they are, which nets for use take: w to w * std, b to b * std + mean.

    Args:
        net: whose weights are changed.
    """
    weights, bias = net.params[layer]
    boxes = bias.count // 4
    means, stds = (np.tile(np.asarray(values, np.float32), boxes) for values in (
        cfg.TRAIN.BBOX_NORMALIZE_MEANS, cfg.TRAIN.BBOX_NORMALIZE_STDS))
    weights.data[...] = weights.data * stds.reshape(-1, *[1] * (weights.data.ndim - 1))
    bias.data[...] = bias.data * stds + means
