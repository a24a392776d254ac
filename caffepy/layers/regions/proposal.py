"""Proposal (Faster R-CNN's region proposals, happynear's layer): the boxes most likely objects.

bottom  scores, N x 2A x H x W, of which the second half says object; deltas, N x 4A x H x W;
        info, rows of height, width, scale_h, scale_w of the picture
top     rois, K x 5: image, x1, y1, x2, y2; optionally their scores, K
param   proposal_param { feat_stride: 16 base_size: 16 min_size: 16 ratio: 0.5 ratio: 1 ratio: 2
        scale: 8 scale: 16 scale: 32 pre_nms_topn: 6000 post_nms_topn: 300 nms_thresh: 0.7 }

An anchor for each ratio r and scale s has the width round(sqrt(base_size^2 / r) s / base_size - 1),
r times the height, and its centre at (base_size - 1) / 2 of each cell. Boxes are decoded (sizes
count both ends), cut to the picture, and those smaller than min_size times its scale get score 0.
Of the pre_nms_topn best, those that a better one overlaps by more than nms_thresh go; post_nms_topn
stay. There is no gradient. Ratios and scales must be given.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.regions._suppress import kept
from caffepy.layers.regions.boxes import moved


@register("Proposal", param="proposal_param", dialect="happynear")
class Proposal(Layer):
    bottoms = "3"
    tops = "1-2"
    keeps = ()
    on_host = True  # boxes are few, and suppressed one after the other

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if not p.ratio or not p.scale:
            self.fail("anchors need a ratio and a scale, one or more of each",
                      found=f"{len(p.ratio)} ratios and {len(p.scale)} scales")
        if min(*p.ratio, *p.scale, p.base_size) <= 0:
            self.fail("ratio, scale and base_size must be above 0")
        if min(p.pre_nms_topn, p.post_nms_topn) < 1:
            self.fail("pre_nms_topn and post_nms_topn must be at least 1",
                      found=f"{p.pre_nms_topn} and {p.post_nms_topn}")
        self.anchors = anchors(p.base_size, list(p.ratio), list(p.scale))

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        scores, deltas, info = bottom
        count = len(self.anchors)
        n, _, *cells = shape = scores.shape if scores.ndim == 4 else (0, 0, 0, 0)
        if shape[1:2] != (2 * count,) or deltas.shape != (n, 4 * count, *cells):
            self.fail(f"there are {count} anchors, and each needs 2 scores and 4 deltas a cell",
                      kind=ShapeError, found=f"shapes {scores.shape} and {deltas.shape}",
                      allowed=f"(N, {2 * count}, H, W) and (N, {4 * count}, H, W)")
        if info.count not in (4, 4 * n):
            self.fail("info is height, width, scale_h and scale_w, once or for each picture",
                      kind=ShapeError, found=f"shape {info.shape}")
        self._shape(top, n * self.p.post_nms_topn)  # as many as there may be

    def example(self, index: int, bottom: Blobs, random: np.random.Generator) -> Array | None:
        """Pictures as large as the cells together, and of that size from the start."""
        if index != 2:
            return None
        height, width = (cells * self.p.feat_stride for cells in bottom[0].shape[2:])
        return np.tile([height, width, 1, 1], bottom[2].count // 4).reshape(bottom[2].shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        scores, deltas = (self.read(blob.values) for blob in bottom[:2])
        info = self.read(bottom[2].values).reshape(-1, 4)
        found = [self._of(scores[i], deltas[i], info[min(i, len(info) - 1)], i)
                 for i in range(len(scores))]
        rows = np.concatenate(found)
        self._shape(top, len(rows))
        for blob, part in zip(top, (rows[:, :5], rows[:, 5]), strict=False):
            self.overwrite(blob.values)[...] = part

    def _shape(self, top: Blobs, count: int) -> None:
        for blob, shape in zip(top, ((count, 5), (count,)), strict=False):
            blob.reshape(*shape)

    def _of(self, scores: Array, deltas: Array, info: Array, image: int) -> Array:
        """The rois of one picture and their scores, (K, 6)."""
        p, count = self.p, len(self.anchors)
        h, w = scores.shape[1:]
        # by cell, row by row, and within it by anchor
        values = scores[count:].transpose(1, 2, 0).reshape(-1)
        shift = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1) * p.feat_stride
        boxes = (self.anchors + np.tile(shift, 2)[:, :, None]).reshape(-1, 4)
        steps = deltas.reshape(count, 4, h, w).transpose(2, 3, 0, 1).reshape(-1, 4)
        boxes = moved(boxes.astype(scores.dtype), steps).clip(0, np.tile(info[1::-1] - 1, 2))
        sizes = boxes[:, 2:] - boxes[:, :2] + 1
        values = values * (sizes >= p.min_size * info[:1:-1]).all(axis=1)
        best = (-values).argsort(kind="stable")[: p.pre_nms_topn]
        best = best[kept(boxes[best], p.nms_thresh, p.post_nms_topn)]
        return np.column_stack([np.full(len(best), image), boxes[best], values[best]])


def anchors(base: int, ratios: list[float], scales: list[float]) -> Array:
    """Boxes around the middle of a cell of ``base`` pixels, (ratios * scales, 4)."""
    middle = 0.5 * (base - 1)
    found = []
    for ratio in ratios:
        width = np.float32((base * base / ratio) ** 0.5)
        for scale in scales:
            x, y = (0.5 * int(side * scale / base - 1 + 0.5) for side in (width, width * ratio))
            found.append([middle - x, middle - y, middle + x, middle + y])
    return np.array(found)
