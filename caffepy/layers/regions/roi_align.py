"""ROIAlign (MS-CNN, Cascade R-CNN): numbers between cells, at the corners of a region's bins.

bottom  x, N x C x H x W; rois, R rows of image, x1, y1, x2, y2 in pixels of the picture
top     y, R x C x (pooled_h + 1) x (pooled_w + 1)
param   roi_pooling_param { pooled_h: 7 pooled_w: 7 spatial_scale: 0.125 pad_ratio: 0 }

It is not Mask R-CNN's, which has a roi_align_param: each number is one bilinear sample. A region is
widened by pad_ratio of its size on each side, scaled and moved by -0.5; samples outside of the map
(more than half a cell beyond it) and those of a region without a size are 0. dx is the transpose;
rois get no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.regions._rois import OverRois, parts, widened

Taps = tuple[tuple[Array, Array], tuple[Array, Array]]  # two cells and their weights, (R, samples)


@register("ROIAlign", param="roi_pooling_param", dialect="cascade")
class ROIAlign(OverRois):
    keeps = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if 0 in (self.p.pooled_h, self.p.pooled_w):
            self.fail("pooled_h and pooled_w must be at least 1",
                      found=f"{self.p.pooled_h} and {self.p.pooled_w}")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(self.check(bottom), bottom[0].shape[1],
                       self.p.pooled_h + 1, self.p.pooled_w + 1)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.context.place.last
        x = bottom[0].values.read(place).transpose(0, 2, 3, 1)
        self._locate(bottom)
        y = top[0].values.overwrite(place).transpose(0, 2, 3, 1)
        cells = x.reshape(-1, x.shape[3])
        for part in parts(self.xp, len(y), y[:1].size):
            y[part] = sum(cells[cell[part]] * weight[part] for cell, weight in self.taps)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        xp, place, channels = self.xp, self.context.place.last, bottom[0].shape[1]
        dx = bottom[0].grads.overwrite(place).transpose(0, 2, 3, 1).reshape(-1, channels)
        dy = top[0].grads.read(place).transpose(0, 2, 3, 1).reshape(-1, channels)
        dx[...] = 0
        if xp is not np:
            for cell, weight in self.taps:
                xp.add.at(dx, cell.reshape(-1), dy * weight.reshape(-1, 1))
            return
        # cell by cell: sums of rows are many times as fast as adding rows one by one
        cell, weight = (np.concatenate([each.reshape(-1) for each in kind])
                        for kind in zip(*self.taps, strict=True))
        order = np.argsort(cell, kind="stable")
        found, starts = np.unique(cell[order], return_index=True)
        for at, some in zip(found, np.split(order, starts[1:]), strict=False):
            rows = dy[some % len(dy)]
            rows *= weight[some, None]
            dx[at] = rows.sum(0)

    def _locate(self, bottom: Blobs) -> None:
        """Note the four cells that each sample is made of, and their weights: ``taps``, of indices
        into the cells of all images, (R, rows, columns), and of weights with an axis more."""
        p, (_, _, h, w) = self.p, bottom[0].shape
        images, corners = self.rois(bottom)
        at = widened(corners, p.pad_ratio) * np.float32(p.spatial_scale) - np.float32(0.5)
        sizes = at[:, 2:] - at[:, :2]
        real = (sizes > 0).all(axis=1)[:, None]
        rows, columns = (
            self._along(at[:, axis], sizes[:, axis] / np.float32(bins), bins, cells, real)
            for axis, bins, cells in ((1, p.pooled_h, h), (0, p.pooled_w, w)))
        image = images[:, None, None] * (h * w)
        self.taps = [(image + row[:, :, None] * w + column[:, None],
                      (above[:, :, None] * beside[:, None])[..., None])
                     for row, above in rows for column, beside in columns]

    def _along(self, start: Array, step: Array, bins: int, cells: int, real: Array) -> Taps:
        """The two cells next to each sample of an axis, and what share they have in it."""
        xp = self.xp
        at = start[:, None] + xp.arange(bins + 1, dtype=np.float32) * step[:, None]
        counts = (at >= -0.5) & (at <= cells - 0.5) & real
        cell = xp.floor(at)
        low, high = (xp.clip(c, 0, cells - 1).astype(np.int64) for c in (cell, cell + 1))
        share = (xp.clip(at, 0, cells - 1) - low) * counts
        return ((low, (counts - share).astype(self.dtype)), (high, share.astype(self.dtype)))
