"""ROIPooling (Girshick 2015): the largest number of each bin of each region.

bottom  x, N x C x H x W; rois, R rows of image, x1, y1, x2, y2 in pixels of the picture
top     y, R x C x pooled_h x pooled_w
param   roi_pooling_param { pooled_h: 7 pooled_w: 7 spatial_scale: 0.0625 pad_ratio: 0 }

Corners times spatial_scale are rounded, halves away from zero; a region is at least one cell. A bin
reaches from floor to ceil of its edges, cut to the map; an empty one gives 0. MS-CNN's pad_ratio
widens regions by that share of their size, GBD's spatial_shift is added to scaled corners, Intel's
pooled_size is given once or for height and width. dx: the cell that won gets dy; rois get none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.regions._largest import largest
from caffepy.layers.regions._rois import OverRois, edges, parts, rounded, widened
from caffepy.proto import caffe_pb2


@register("ROIPooling", param="roi_pooling_param", dialect="rcnn")
class ROIPooling(OverRois):
    keeps: tuple[str, ...] = ()  # TRAIN remembers the winners
    obeys = ("roi_pooling_param.pooled_size", "roi_pooling_param.spatial_shift")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        sizes = list(self.p.pooled_size) or [self.p.pooled_h, self.p.pooled_w]
        if len(sizes) > 2:
            self.fail("pooled_size is given once, or for height and width", found=sizes)
        if 0 in sizes:
            self.fail("pooled_h and pooled_w must be at least 1", found=sizes)
        self.bins = (sizes[0], sizes[-1])
        self.winners: Array = None
        if self.phase == caffe_pb2.TEST:
            self.keeps = ("bottom",)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(self.check(bottom), bottom[0].shape[1], *self.bins)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        y = top[0].values.overwrite(self.context.place.last)
        self._pool(bottom, y, self.phase == caffe_pb2.TRAIN)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        if self.phase == caffe_pb2.TEST:  # its forward remembered nothing: run it again
            self._pool(bottom, self.xp.empty(top[0].shape, self.dtype), True)
        xp, place, (_, c, h, w) = self.xp, self.context.place.last, bottom[0].shape
        dx = bottom[0].grads.overwrite(place).transpose(0, 2, 3, 1).reshape(-1)
        dy = top[0].grads.read(place).transpose(0, 2, 3, 1)
        dx[...] = 0
        first = self.images.reshape(-1, 1, 1, 1) * (h * w)
        for part in parts(xp, len(dy), dy[:1].size):
            won = self.winners[part] >= 0
            xp.add.at(dx, ((first[part] + self.winners[part]) * c + xp.arange(c))[won],
                      dy[part][won])

    def _pool(self, bottom: Blobs, y: Array, remember: bool) -> None:
        """Write the tops' values. ``winners`` are the cells that have them, channels last."""
        xp, (_, _, h, w) = self.xp, bottom[0].shape
        self.images, corners = self.rois(bottom)
        if self.p.pad_ratio:
            corners = widened(corners, self.p.pad_ratio)
        at = rounded(xp, corners * np.float32(self.p.spatial_scale)
                     + np.float32(self.p.spatial_shift))
        sizes = xp.maximum(at[:, 2:] - at[:, :2] + 1, 1)
        rows, columns = (
            edges(xp, sizes[:, axis] / np.float32(bins), bins, cells, start=at[:, axis])
            for axis, bins, cells in ((1, self.bins[0], h), (0, self.bins[1], w)))
        x = bottom[0].values.read(self.context.place.last).transpose(0, 2, 3, 1)
        y = y.transpose(0, 2, 3, 1)
        if remember and (self.winners is None or self.winners.shape != y.shape):
            self.winners = xp.empty(y.shape, np.int32)
        largest(xp, x, self.images, rows, columns, y, self.winners if remember else None)
