"""PSROIPooling (R-FCN, Dai et al. 2016): the mean of each bin, each from a channel of its own.

bottom  x, N x (output_dim * group_size^2) x H x W; rois, R rows of image, x1, y1, x2, y2
top     y, R x output_dim x group_size x group_size
param   psroi_pooling_param { spatial_scale: 0.0625 output_dim: 21 group_size: 7 }

Bin (i, j) of output c is the mean of channel (c * group_size + i) * group_size + j. Corners are
rounded, the far ones get 1, then they are scaled; a region is at least 0.1 cells. A bin reaches
from floor to ceil of its edges, cut to the map; an empty one gives 0. dx: dy / cells, for each cell
of a bin; rois get none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.regions._rois import OverRois, edges, rounded, running_sums


@register("PSROIPooling", param="psroi_pooling_param", dialect="rfcn")
class PSROIPooling(OverRois):
    keeps = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if min(p.output_dim, p.group_size) < 1 or p.spatial_scale <= 0:
            self.fail("output_dim, group_size and spatial_scale must be above 0",
                      found=f"{p.output_dim}, {p.group_size} and {p.spatial_scale:g}")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        rois, group = self.check(bottom), self.p.group_size
        wanted = self.p.output_dim * group**2
        if bottom[0].shape[1] != wanted:
            self.fail("there must be group_size * group_size channels for each output",
                      kind=ShapeError, found=f"{bottom[0].shape[1]} channels",
                      allowed=f"{self.p.output_dim} * {group} * {group} = {wanted}")
        top[0].reshape(rois, self.p.output_dim, group, group)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, (n, c, h, w) = self.xp, bottom[0].shape
        # sums of all cells above and left of a corner: a bin's sum is that of four corners
        sums = xp.zeros((n, h + 1, w + 1, c), np.float64)
        x = bottom[0].values.read(self.context.place.last)
        sums[:, 1:, 1:] = x.transpose(0, 2, 3, 1)
        for axis in (1, 2):
            running_sums(xp, sums, axis)
        self.corners, self.area = self._bins(bottom)
        y = sum(sign * sums.reshape(-1)[corner] for sign, corner in self.corners)
        self.overwrite(top[0].values)[...] = xp.where(
            self.area > 0, y / xp.maximum(self.area, 1), 0)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        xp, (n, c, h, w) = self.xp, bottom[0].shape
        # a bin's gradient is written to its corners, and summed up behind them
        steps = xp.zeros(n * (h + 1) * (w + 1) * c, np.float64)
        share = self.read(top[0].grads) / xp.maximum(self.area, 1) * (self.area > 0)
        for sign, corner in self.corners:
            xp.add.at(steps, corner.reshape(-1), (sign * share).reshape(-1).astype(np.float64))
        steps = steps.reshape(n, h + 1, w + 1, c)
        for axis in (1, 2):
            running_sums(xp, steps, axis)
        dx = bottom[0].grads.overwrite(self.context.place.last)
        dx[...] = steps[:, :h, :w].transpose(0, 3, 1, 2)

    def _bins(self, bottom: Blobs) -> tuple[list[tuple[int, Array]], Array]:
        """The corners of each bin, as signs and places in the sums, and how many cells it has."""
        xp, group, (_, _, h, w) = self.xp, self.p.group_size, bottom[0].shape
        images, corners = self.rois(bottom)
        at = rounded(xp, corners)
        at[:, 2:] += 1
        at *= np.float32(self.p.spatial_scale)
        steps = xp.maximum(at[:, 2:] - at[:, :2], np.float32(0.1)) / np.float32(group)
        (top, low), (left, right) = (
            edges(xp, steps[:, axis], group, cells, inside=at[:, axis])
            for axis, cells in ((1, h), (0, w)))
        low, right = xp.maximum(low, top), xp.maximum(right, left)
        image = images.reshape(-1, 1, 1, 1)
        channel = xp.arange(bottom[0].shape[1]).reshape(1, -1, group, group)
        rows, columns = (top, low), (left, right)
        c = bottom[0].shape[1]
        found = [(1 if i == j else -1, channel + c * (
                     (image * (h + 1) + rows[i][:, None, :, None]) * (w + 1)
                     + columns[j][:, None, None, :]))
                 for i in (0, 1) for j in (0, 1)]
        area = (low - top)[:, None, :, None] * (right - left)[:, None, None, :]
        return found, area
