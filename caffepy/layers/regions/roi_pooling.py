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
from caffepy.layers.regions._rois import OverRois, edges, rounded, widened
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
        y = self._pool(bottom, self.phase == caffe_pb2.TRAIN)
        place = self.context.place.last
        top[0].values.overwrite(place)[...] = y.transpose(0, 3, 1, 2)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        if self.phase == caffe_pb2.TEST:  # its forward remembered nothing: run it again
            self._pool(bottom, True)
        xp, place, (n, c, h, w) = self.xp, self.context.place.last, bottom[0].shape
        dx = xp.zeros((n * h * w * c,), self.dtype)
        dy = top[0].grads.read(place).transpose(0, 2, 3, 1)
        won = self.winners >= 0
        xp.add.at(dx, self.winners[won], dy[won])
        bottom[0].grads.overwrite(place)[...] = dx.reshape(n, h, w, c).transpose(0, 3, 1, 2)

    def _pool(self, bottom: Blobs, remember: bool) -> Array:
        """The tops' values with the channels last. ``winners`` are places in x, so seen."""
        xp, (_, c, h, w) = self.xp, bottom[0].shape
        images, corners = self.rois(bottom)
        if self.p.pad_ratio:
            corners = widened(corners, self.p.pad_ratio)
        at = rounded(xp, corners * np.float32(self.p.spatial_scale)
                     + np.float32(self.p.spatial_shift))
        sizes = xp.maximum(at[:, 2:] - at[:, :2] + 1, 1)
        rows, columns = (
            edges(xp, sizes[:, axis] / np.float32(bins), bins, cells, start=at[:, axis])
            for axis, bins, cells in ((1, self.bins[0], h), (0, self.bins[1], w)))
        x = bottom[0].values.read(self.context.place.last).transpose(0, 2, 3, 1)
        y, cells = largest(xp, x, images, rows, columns, remember)
        if remember:
            base = images.reshape(-1, 1, 1, 1) * (h * w)
            self.winners = xp.where(cells < 0, -1, (base + cells) * c + xp.arange(c))
        return y
