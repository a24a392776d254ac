"""Yolov3: the loss of one grid of YOLO v3.

bottom  x, N x num (5 + num_class) x H x W, of each box 4 coordinates, objectness, classes; labels,
        N x 1500: 300 rows of class, x, y, width, height, as shares of the picture, ended by 0
top     the loss: sum of d^2 / N
param   yolov3_param { num_class: 20 num: 3 thresh: 0.5 biases: 20 biases: 24 mask: 0 mask: 1
        mask: 2 anchors_scale: 32 object_scale: 1 class_scale: 1 coord_scale: 5
        use_logic_gradient: false }

Biases are pixels of a picture of H anchors_scale x W anchors_scale, as in darknet. A true box falls
to the cell of its center, if of all biases one that mask names is nearest to its shape. There, with
p = sigmoid(x) and scale = coord_scale (2 - width height): d = scale (p - t) for x and y, scale (x -
t) for the logarithms of width and height, p - 1 for the objectness, and class_scale (p - [label])
for classes. Everywhere else d = p for the objectness, but 0 where the box overlaps a true one by
more than thresh. dx = d * loss weight / N, which is not the derivative. use_logic_gradient
multiplies d by object_scale where there is an object, and dx, but for width and height, by p (1 -
p). MobileNet-YOLO's; noobject_scale and side do not count there either, and where two true boxes
fall to the same one, the second's d for its class is 1 - p.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.yolo._cells import decode, sigmoid
from caffepy.layers.yolo._grid_loss import GridLoss, Host, Truths


@register("Yolov3", dialect="yolo", param="yolov3_param")
class Yolov3(GridLoss):
    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        anchors = np.array(list(p.biases)[: len(p.biases) // 2 * 2]).reshape(-1, 2)
        self.masks = list(p.mask)[: p.num]
        if len(self.masks) < p.num or any(mask >= len(anchors) for mask in self.masks):
            self.fail("each box needs a mask, and each mask a width and a height in biases",
                      found=f"num {p.num}, masks {list(p.mask)}, {len(p.biases)} biases")
        self.anchors = anchors

    def deltas(self, x: Array, rows: Sequence[Host]) -> tuple[Array, Array | None]:
        xp, p = self.xp, self.p
        size = np.array([self.grid[4], self.grid[3]]) * p.anchors_scale  # of the picture
        mine = self.anchors[self.masks]
        y = sigmoid(xp, x)
        boxes = decode(xp, x, xp.asarray(mine, x.dtype), p.anchors_scale)
        d = xp.zeros_like(x)
        d[:, :, 4] = xp.where(self.taken(boxes, rows, p.thresh), 0, y[:, :, 4])
        truths = self.fallen(rows, self.anchors / size)
        # of all anchors, the first box that has it, as there
        place = np.array([self.masks.index(k) if k in self.masks else -1 for k in truths.anchor],
                         int)
        here = place >= 0
        truths = Truths(truths.rows[here], truths.image[here], place[here], truths.y[here],
                        truths.x[here])
        if len(truths.rows):
            self._found(d, x, y, truths, size)
        slope = None
        if p.use_logic_gradient:
            slope = y * (1 - y)
            slope[:, :, 2:4] = 1
        return d, slope

    def _found(self, d: Array, x: Array, y: Array, truths: Truths, size: Host) -> None:
        """The deltas where true boxes fell."""
        xp, p = self.xp, self.p
        one = truths.last
        n, b, j, i = (xp.asarray(index) for index in truths.cells(one))
        _, cx, cy, w, h = truths.rows[one].T
        sizes = self.anchors[[self.masks[k] for k in truths.anchor[one]]]
        scale = xp.asarray(p.coord_scale * (2 - w * h), x.dtype)
        told = (cx * self.grid[4] - truths.x[one], cy * self.grid[3] - truths.y[one],
                np.log(w * size[0] / sizes[:, 0]), np.log(h * size[1] / sizes[:, 1]))
        for k, value in enumerate(told):
            given = (y if k < 2 else x)[n, b, k, j, i]
            d[n, b, k, j, i] = scale * (given - xp.asarray(value, x.dtype))
        strength = p.object_scale if p.use_logic_gradient else 1
        d[n, b, 4, j, i] = strength * (y[n, b, 4, j, i] - 1)
        label = xp.asarray(truths.rows[:, 0].astype(int))
        first = xp.asarray(truths.first.nonzero()[0])
        n, b, j, i = (xp.asarray(index) for index in truths.cells(truths.first))
        classes = xp.arange(p.num_class)
        d[n, b, 5:, j, i] = p.class_scale * (
            y[n, b, 5:, j, i] - (label[first][:, None] == classes))
        again = ~truths.first
        if again.any():
            n, b, j, i = (xp.asarray(index) for index in truths.cells(again))
            c = 5 + label[xp.asarray(again.nonzero()[0])]
            d[n, b, c, j, i] = 1 - y[n, b, c, j, i]
