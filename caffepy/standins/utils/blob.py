"""How py-faster-rcnn makes a batch of pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from caffepy.core.memory import Array


def prep_im_for_blob(im: Array, pixel_means: Array, target_size: int, max_size: int
                     ) -> tuple[Array, float]:
    """A picture, H x W x 3, less the means, its shorter side brought to ``target_size`` and its
    longer to ``max_size`` at most; and by how much it was scaled."""
    less = np.ascontiguousarray(im.astype(np.float32) - pixel_means, np.float32)
    short, long = sorted(less.shape[:2])
    scale = target_size / short
    if np.round(scale * long) > max_size:
        scale = max_size / long
    return cv2.resize(less, None, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), scale


def im_list_to_blob(ims: Sequence[Array]) -> Array:
    """Pictures H x W x 3 in the upper left of a batch, N x 3 x H x W, with zeros around."""
    height, width = np.max([im.shape[:2] for im in ims], axis=0)
    blob = np.zeros((len(ims), 3, height, width), np.float32)
    for item, im in zip(blob, ims, strict=True):
        item[:, : im.shape[0], : im.shape[1]] = im.transpose(2, 0, 1)
    return blob
