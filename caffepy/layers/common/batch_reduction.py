"""BatchReduction: one axis is summed up, such as the pieces that a video was cut into.

bottom  x, any shape
top     y, shape of x without the axis; with other levels than 1 alone the axis has as many numbers
param   batch_reduction_param { level: 1 pos: false
        reduction_param { operation: SUM axis: 0 k: 1 } }

Along the axis SUM, MEAN, or TOPK, the mean of the k largest. Level 1 alone is the whole axis.
Otherwise the axis holds level^2 numbers for each level in turn, which are reduced to one each.
With pos two axes of one size, axis and the next, go: only their diagonal counts.
dx = dy, for means divided by the count, where a number counted, else 0.
TSN's; of reduction_param coeff is not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of


@register("BatchReduction", dialect="tsn", param="batch_reduction_param")
class BatchReduction(Layer):
    keeps = ()
    obeys = ("reduction_param.k", "reduction_param.operation=TOPK")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p.reduction_param
        self.operation: str = p.ReductionOp.Name(p.operation)
        if self.operation not in ("SUM", "MEAN", "TOPK"):
            self.fail("the operation is not one of this layer", found=self.operation,
                      allowed="SUM, MEAN or TOPK")
        self.levels = list(self.p.level) or [1]
        if len(self.levels) > 1 and (self.p.pos or self.operation == "TOPK"):
            self.fail("pos and TOPK go with one level", found=f"levels {self.levels}")
        if self.operation == "TOPK" and p.k < 1:
            self.fail("k, of the k largest, is missing", found=p.k,
                      fix="Add reduction_param { operation: TOPK k: 3 }.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, axis = bottom[0].shape, axis_of(self, bottom[0], self.p.reduction_param.axis)
        size, whole = shape[axis], self.levels == [1]
        self.counts = [size] if whole else [level * level for level in self.levels]
        if sum(self.counts) != size:
            self.fail("the levels do not fit the axis", kind=ShapeError,
                      found=f"{size} numbers along axis {axis} of shape {shape}",
                      allowed=f"{sum(self.counts)}, for levels {self.levels}")
        if self.operation == "TOPK" and self.p.reduction_param.k > size:
            self.fail("there are not so many numbers to take the largest of", kind=ShapeError,
                      found=f"k {self.p.reduction_param.k}, {size} numbers")
        if self.p.pos and (len(shape) < axis + 2 or shape[axis + 1] != size):
            self.fail("pos reduces two axes of one size", kind=ShapeError,
                      found=f"shape {shape}, axis {axis}")
        self.axis = axis
        rest = shape[axis + 1 + self.p.pos :]
        top[0].reshape(*shape[:axis], *(() if whole else (len(self.levels),)), *rest)
        before = bottom[0].count_from(0, axis)
        after = bottom[0].count_from(axis + 1 + self.p.pos)
        self.flat = (before, size, *((size,) if self.p.pos else ()), after)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        x = self.read(bottom[0].values).reshape(self.flat)
        if self.p.pos:
            at = xp.arange(self.flat[1])
            x = x[:, at, at]
        y = self.overwrite(top[0].values).reshape(len(x), len(self.counts), -1)
        if self.operation == "TOPK":
            k = self.p.reduction_param.k
            self.taken = xp.argsort(-x, axis=1)[:, :k]
            y[:, 0] = xp.take_along_axis(x, self.taken, 1).sum(axis=1) / k
            return
        begin = 0
        for level, count in enumerate(self.counts):
            part = x[:, begin : begin + count]
            y[:, level] = part.sum(axis=1) / (count if self.operation == "MEAN" else 1)
            begin += count

    def _spread(self, dy: Array) -> Array:
        """Each number's share of dy, along the axis."""
        xp = self.xp
        dx = xp.zeros((len(dy), self.flat[1], dy.shape[2]), dy.dtype)
        if self.operation == "TOPK":
            share = dy / self.p.reduction_param.k
            xp.put_along_axis(dx, self.taken, xp.broadcast_to(share, self.taken.shape), 1)
            return dx
        begin = 0
        for level, count in enumerate(self.counts):
            share = dy[:, level, None] / (count if self.operation == "MEAN" else 1)
            dx[:, begin : begin + count] = share
            begin += count
        return dx

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dx = self.overwrite(bottom[0].grads)
        share = self._spread(self.read(top[0].grads).reshape(
            self.flat[0], len(self.counts), -1))
        if self.p.pos:
            dx[...] = 0
            at = self.xp.arange(self.flat[1])
            dx.reshape(self.flat)[:, at, at] = share
        else:
            dx[...] = share.reshape(dx.shape)
