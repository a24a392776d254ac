"""RegionLoss: the loss of YOLO v2.

bottom  x, N x num (5 + num_class) x H x W, of each box 4 coordinates, objectness, classes; labels,
        N x 1500: 300 rows of class, x, y, width, height, as shares of the picture, ended by 0
top     the loss: sum of d^2 / N
param   region_loss_param { num_class: 20 num: 5 biases: 1.08 biases: 1.19 thresh: 0.2 bias_match: 1
        rescore: 1 object_scale: 1 noobject_scale: 0.5 class_scale: 1 coord_scale: 5 }

A true box falls to the cell of its center, and there to the box of the shape nearest to its own:
of the biases, or without bias_match of what is predicted. With p = sigmoid(x), for classes softmax:
d = coord_scale p (1 - p) (p - t) for x and y, coord_scale (x - t) for the logarithms of width and
height, object_scale p (1 - p) (p - overlap) for the objectness, and class_scale (p - [label]) for
classes; without rescore the overlap is taken as 1, and coord_scale times 2 - width height.
Everywhere else d = noobject_scale p (1 - p) p for the
objectness, but 0 where the box overlaps a true one by more than thresh; and for the first 12800
pictures coordinates are drawn to the middle and the bias with 0.01 for coord_scale.
dx = d * loss weight / N, which is not the derivative. Fewer than ten biases are zeros, as there.
MobileNet-YOLO's; side, jitter, absolute and random do not count there either. It counts the
batches of all layers together, this one its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.yolo._cells import decode, overlap, sigmoid
from caffepy.layers.yolo._grid_loss import GridLoss, Host, Truths

PICTURES = 12800
DRAWN = 0.01


@register("RegionLoss", dialect="yolo", param="region_loss_param")
class RegionLoss(GridLoss):
    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.coords != 4 or not p.softmax or p.softmax_tree or p.class_map:
            self.fail("4 coordinates and a plain softmax are what this layer knows",
                      found=f"coords {p.coords}, softmax {p.softmax}, softmax_tree "
                            f"'{p.softmax_tree}', class_map '{p.class_map}'")
        biases = list(p.biases) if len(p.biases) >= 10 else [0.0] * 10
        if len(biases) < 2 * p.num:
            self.fail("each box needs a width and a height in biases",
                      found=f"{len(p.biases)} numbers for {p.num} boxes")
        self.anchors = np.array(biases[: 2 * p.num]).reshape(-1, 2)

    def deltas(self, x: Array, rows: Sequence[Host]) -> tuple[Array, Array | None]:
        xp, p = self.xp, self.p
        y = sigmoid(xp, x)
        scores = xp.exp(x[:, :, 5:] - x[:, :, 5:].max(axis=2, keepdims=True))
        y[:, :, 5:] = scores / scores.sum(axis=2, keepdims=True)
        boxes = decode(xp, x, xp.asarray(self.anchors, x.dtype))
        d = xp.zeros_like(x)
        p4 = y[:, :, 4]
        d[:, :, 4] = xp.where(self.taken(boxes, rows, p.thresh), 0,
                              p.noobject_scale * p4 * p4 * (1 - p4))
        if self.position < PICTURES // self.grid[0]:
            middle = y[:, :, :2]
            d[:, :, :2] = DRAWN * (middle - 0.5) * middle * (1 - middle)
            d[:, :, 2:4] = DRAWN * x[:, :, 2:4]
        self.position += 1
        sizes = self.anchors / [self.grid[4], self.grid[3]]
        if not p.bias_match:
            predicted = xp.moveaxis(boxes[:, :, 2:], 2, -1)
            sizes = predicted.get() if self.context.place.on_device else predicted
        truths = self.fallen(rows, sizes)
        if len(truths.rows):
            self._found(d, x, y, boxes, truths)
        return d, None

    def _found(self, d: Array, x: Array, y: Array, boxes: Array, truths: Truths) -> None:
        """The deltas where true boxes fell, the last of those that fell together."""
        xp, p = self.xp, self.p
        one = truths.last
        n, b, j, i = (xp.asarray(index) for index in truths.cells(one))
        label, cx, cy, w, h = truths.rows[one].T
        sizes = self.anchors[truths.anchor[one]]
        with np.errstate(divide="ignore"):  # biases of 0
            told = (cx * self.grid[4] - truths.x[one], cy * self.grid[3] - truths.y[one],
                    np.log(w * self.grid[4] / sizes[:, 0]), np.log(h * self.grid[3] / sizes[:, 1]))
        # without rescore small boxes count for more
        scale = xp.asarray(p.coord_scale * (1 + 0 * w if p.rescore else 2 - w * h), x.dtype)
        for k, value in enumerate(told):
            t = xp.asarray(value, x.dtype)
            if k < 2:
                q = y[n, b, k, j, i]
                d[n, b, k, j, i] = scale * (q - t) * q * (1 - q)
            else:
                d[n, b, k, j, i] = scale * (x[n, b, k, j, i] - t)
        q = y[n, b, 4, j, i]
        aim = 1 if not p.rescore else overlap(
            xp, boxes[n, b, :, j, i], xp.asarray(truths.rows[one, 1:], x.dtype))
        d[n, b, 4, j, i] = p.object_scale * (q - aim) * q * (1 - q)
        classes = xp.asarray(label.astype(int))[:, None] == xp.arange(p.num_class)
        d[n, b, 5:, j, i] = p.class_scale * (y[n, b, 5:, j, i] - classes)
