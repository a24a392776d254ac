"""Base of YOLO's losses: darknet's deltas d over a grid; loss = sum of d^2 / N, gradient d / N."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Place
from caffepy.errors import DataError, ShapeError
from caffepy.layers.loss._loss import Loss
from caffepy.layers.yolo._cells import grid, overlap

Host = np.ndarray[Any, Any]


@dataclass
class Truths:
    """The boxes to find, which fell to a box of a cell.

    Attributes:
        rows: class, x, y, width, height of each.
        image, anchor, y, x: to which it fell.
        last, first: of those that fell to the same one.
    """

    rows: Host
    image: Host
    anchor: Host
    y: Host
    x: Host

    def __post_init__(self) -> None:
        keys = np.stack([self.image, self.anchor, self.y, self.x], 1)
        at = np.arange(len(keys))
        same = (keys[:, None] == keys).all(axis=2)
        self.last = ~(same & (at > at[:, None])).any(axis=1)
        self.first = ~(same & (at < at[:, None])).any(axis=1)

    def cells(self, chosen: Host) -> tuple[Host, Host, Host, Host]:
        """Indices of the chosen ones."""
        return self.image[chosen], self.anchor[chosen], self.y[chosen], self.x[chosen]


class GridLoss(Loss):
    """Its gradient is not the derivative of the loss, as in the original."""

    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        self.grid = grid(self, bottom[0], self.p.num, self.p.num_class)
        if bottom[1].count % (5 * self.grid[0]):
            self.fail("labels are rows of class, x, y, width and height", kind=ShapeError,
                      found=f"shape {bottom[1].shape}", allowed="N x 1500, for 300 rows")

    def rows(self, bottom: Blobs) -> list[Host]:
        """Each picture's true boxes: those before the first of width 0."""
        values = bottom[1].values.read(Place.HOST).reshape(self.grid[0], -1, 5)
        found = []
        for image, rows in enumerate(values):
            ended = rows[:, 3] == 0
            rows = rows[: ended.argmax()] if ended.any() else rows
            wrong = (rows[:, 0] < 0) | (rows[:, 0] >= self.p.num_class) | (
                (rows[:, 1:3] < 0) | (rows[:, 1:3] >= 1)).any(axis=1)
            if wrong.any():
                self.fail(f"a box of picture {image} is none", kind=DataError,
                          found=[float(v) for v in rows[wrong.argmax()]],
                          allowed=f"a class of 0 to {self.p.num_class - 1}, a center within 0 to 1")
            found.append(rows)
        return found

    def taken(self, boxes: Array, rows: Sequence[Host], threshold: float) -> Array:
        """Which boxes, N x boxes x H x W, overlap a true one by more than the threshold."""
        xp = self.xp
        boxes = xp.moveaxis(boxes, 2, -1)
        best = xp.zeros(boxes.shape[:-1], boxes.dtype)
        for image, true in enumerate(rows):
            if len(true):
                each = overlap(xp, boxes[image][..., None, :], xp.asarray(true[:, 1:]))
                best[image] = each.max(axis=-1)
        return best > threshold

    def fallen(self, rows: Sequence[Host], anchors: Host) -> Truths:
        """To which cell and anchor each true box falls: the anchor of the same shape, best.

        Args:
            anchors: as shares of the picture, K x 2, or N x K x H x W x 2 where cells differ.
        """
        height, width = self.grid[3:]
        all_rows = np.concatenate(rows)
        image = np.repeat(np.arange(len(rows)), [len(true) for true in rows])
        x = (all_rows[:, 1] * width).astype(int)
        y = (all_rows[:, 2] * height).astype(int)
        sizes = anchors if anchors.ndim == 2 else anchors[image, :, y, x]
        sizes = np.broadcast_to(sizes, (len(all_rows), *sizes.shape[-2:]))
        both = np.minimum(sizes, all_rows[:, None, 3:]).prod(axis=2)
        union = sizes.prod(axis=2) + all_rows[:, None, 3:].prod(axis=2) - both
        best = (both / np.where(union == 0, 1, union)).argmax(axis=1)
        return Truths(all_rows, image, best, y, x)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values).reshape(self.grid)
        self.delta, self.slope = self.deltas(x, self.rows(bottom))
        total = self.xp.square(self.delta).sum(dtype=np.float64)
        self.set_loss(top, total / self.grid[0])

    def deltas(self, x: Array, rows: Sequence[Host]) -> tuple[Array, Array | None]:
        """d, of the shape of x, and what the gradient is multiplied with beside."""
        raise NotImplementedError

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dx = self.overwrite(bottom[0].grads)
        share = self.delta if self.slope is None else self.delta * self.slope
        dx[...] = (share * (self.weight(top) / self.grid[0])).reshape(dx.shape)
