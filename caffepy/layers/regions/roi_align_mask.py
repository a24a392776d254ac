"""ROIAlign with roi_align_param, Mask R-CNN's (He et al. 2017): the mean of each bin of a region.

bottom  x, N x C x H x W; rois, R rows of image, x1, y1, x2, y2 in pixels of the picture
top     y, R x C x pooled_h x pooled_w
param   roi_align_param { pooled_h: 7 pooled_w: 7 spatial_scale: 0.0625 sampling_ratio: 2 }

Nothing is rounded: corners times spatial_scale, a region at least one cell wide and high, and in
each bin sampling_ratio x sampling_ratio bilinear samples (-1, as Detectron and Ascend have it where
it is not given: as many as the bin has cells, rounded up). Samples more than one cell outside of
the map are 0, others are clamped into it. dx is the transpose; rois get no gradient. Old ports have
the same words for sums of their own (Dhaliwal's, in Synopsys' fork: the largest of four, by another
rule on a GPU than on a CPU), so there is a warning where no sampling_ratio is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.regions._rois import OverRois

logger = log.get(__name__)


@register("ROIAlign", param="roi_align_param", dialect="synopsys")
class ROIAlignMask(OverRois):
    known_by = "a roi_align_param"
    keeps = ("labels",)
    obeys = ("roi_align_param.sampling_ratio",)

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return bool(spec.HasField("roi_align_param"))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if 0 in (self.p.pooled_h, self.p.pooled_w):
            self.fail("pooled_h and pooled_w must be at least 1",
                      found=f"{self.p.pooled_h} and {self.p.pooled_w}")
        self.samples = self.p.sampling_ratio if self.p.HasField("sampling_ratio") else -1
        if not self.p.HasField("sampling_ratio"):
            logger.warning("%s takes means, as Mask R-CNN; old ports of it (Synopsys' fork has one)"
                           " compute something else with the same words. roi_align_param { "
                           "sampling_ratio: -1 } says that means are right.", self.place_name)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(self.check(bottom), bottom[0].shape[1], self.p.pooled_h, self.p.pooled_w)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, y = self.read(bottom[0].values), self.overwrite(top[0].values)
        images, rows, columns = self._shares(bottom)
        for roi, image in enumerate(images):
            # (C, pooled_h, pooled_w) = (pooled_h, H) @ (C, H, W) @ (W, pooled_w)
            y[roi] = rows[roi] @ x[image] @ columns[roi].T

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        dy, dx = self.read(top[0].grads), self.overwrite(bottom[0].grads)
        images, rows, columns = self._shares(bottom)
        dx[...] = 0
        for roi, image in enumerate(images):
            dx[image] += rows[roi].T @ dy[roi] @ columns[roi]

    def _shares(self, bottom: Blobs) -> tuple[list[int], Array, Array]:
        """The image of each roi, and what share cells have in its bins: rows, then columns."""
        images, corners = self.rois(bottom)
        at = corners * np.float32(self.p.spatial_scale)
        sizes = self.xp.maximum(at[:, 2:] - at[:, :2], 1)
        rows, columns = (
            self._along(at[:, axis], sizes[:, axis] / np.float32(bins), bins, cells)
            for axis, bins, cells in ((1, self.p.pooled_h, bottom[0].shape[2]),
                                      (0, self.p.pooled_w, bottom[0].shape[3])))
        return images.tolist(), rows, columns

    def _along(self, start: Array, step: Array, bins: int, cells: int) -> Array:
        """The share of each cell of an axis in each bin, (R, bins, cells)."""
        xp, rois = self.xp, len(start)
        shares = xp.zeros((rois, bins, cells), self.dtype)
        if not rois:
            return shares
        count = xp.ceil(step) if self.samples < 1 else xp.full_like(step, self.samples)
        sample = xp.arange(int(count.max()))
        # (R, bins, samples)
        within = (sample + np.float32(0.5)) / count[:, None]
        position = xp.arange(bins, dtype=np.float32)[:, None] + within[:, None]
        at = start[:, None, None] + position * step[:, None, None]
        counts = (at >= -1) & (at <= cells) & (sample < count[:, None, None])
        at = xp.clip(at, 0, cells - 1)
        low = xp.floor(at).astype(np.int64)
        of_high = (at - low).astype(self.dtype)
        weight = counts / count[:, None, None].astype(self.dtype)
        place = xp.arange(rois)[:, None, None], xp.arange(bins)[:, None]
        xp.add.at(shares, (*place, low), weight * (1 - of_high))
        xp.add.at(shares, (*place, xp.minimum(low + 1, cells - 1)), weight * of_high)
        return shares
