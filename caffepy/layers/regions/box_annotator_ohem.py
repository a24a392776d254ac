"""BoxAnnotatorOHEM (R-FCN, online hard example mining): only the rois of largest loss count.

bottom  rois, R x 5 (x H x W); losses, labels, R (x 1 x H x W); weights of boxes, R x C (x H x W)
top     labels and weights as they are for the roi_per_img rois of largest loss in each image, and
        ignore_label and 0 for all others
param   box_annotator_ohem_param { roi_per_img: 128 ignore_label: -1 }

There is no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("BoxAnnotatorOHEM", param="box_annotator_ohem_param", dialect="rfcn")
class BoxAnnotatorOHEM(Layer):
    bottoms = "4"
    tops = "2"
    labels = (0, 1, 2, 3)
    keeps = ()
    only_in_training = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.roi_per_img < 1:
            self.fail("roi_per_img must be at least 1", found=self.p.roi_per_img)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        rois, losses, labels, weights = bottom
        n, channels, places = self._axes(rois)
        if channels != 5:
            self.fail("rois are rows of 5 numbers: image, x1, y1, x2, y2", kind=ShapeError,
                      found=f"shape {rois.shape}")
        for name, blob in (("losses", losses), ("labels", labels)):
            if self._axes(blob) != (n, 1, places):
                self.fail(f"there must be one number in {name} for each roi", kind=ShapeError,
                          found=f"rois {rois.shape}, {name} {blob.shape}")
        if self._axes(weights)[::2] != (n, places):
            self.fail("weights must be given for each roi", kind=ShapeError,
                      found=f"rois {rois.shape}, weights {weights.shape}")
        for blob, channels in zip(top, (1, self._axes(weights)[1]), strict=True):
            blob.reshape(n, channels, *(rois.shape[2:] or (1, 1)))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        rois, losses, labels, weights = (
            self.read(blob.values).reshape(self._axes(blob)) for blob in bottom)
        image, loss = rois[:, 0].reshape(-1), losses.reshape(-1)
        order = xp.lexsort(xp.stack([-loss, image]))  # by image, and in it the largest loss first
        ordered = image[order]
        rank = xp.arange(len(order)) - xp.searchsorted(ordered, ordered)
        counts = xp.empty(len(order), bool)
        counts[order] = rank < self.p.roi_per_img
        counts = counts.reshape(losses.shape)
        for blob, values in zip(top, (xp.where(counts, labels, self.p.ignore_label),
                                      xp.where(counts, weights, 0)), strict=True):
            self.overwrite(blob.values)[...] = values.reshape(blob.shape)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """No gradient flows to any bottom."""

    def _axes(self, blob: Blob) -> tuple[int, int, int]:
        """Rois, channels, and places of a blob of any rank."""
        n = blob.shape[0] if blob.ndim else 1
        channels = blob.shape[1] if blob.ndim > 1 else 1
        return n, channels, blob.count // max(1, n * channels)
