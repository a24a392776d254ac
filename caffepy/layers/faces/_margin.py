"""What the inner products with a margin of angle share: lambda, and the label's column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of
from caffepy.layers.loss._loss import CLASSES, item_labels

SMALL = 1e-9  # added to lengths that divide


@dataclass
class Column:
    """The label's column, one number an item: psi(cos), its derivative, and the lengths."""

    cos: Array
    psi: Array
    slope: Array
    x_length: Array
    w_length: Array


def psi(m: int, cos: Array) -> tuple[Array, Array]:
    """(-1)^k cos(m theta) - 2 k with k = floor(m theta / pi), and its derivative by cos(theta).

    It falls all the way from 1 at theta = 0, which cos(m theta) does not.
    """
    square = cos * cos
    turns: tuple[float, ...]
    if m == 1:
        value, slope, turns = cos, 1 + 0 * cos, ()
    elif m == 2:
        value, slope, turns = 2 * square - 1, 4 * cos, (0.0,)
    elif m == 3:
        value, slope, turns = cos * (4 * square - 3), 12 * square - 3, (0.5, -0.5)
    else:
        value, slope = 8 * square * (square - 1) + 1, cos * (32 * square - 16)
        turns = (0.5**0.5, 0.0, -(0.5**0.5))
    k = sum(((cos < turn).astype(cos.dtype) for turn in turns), start=0 * cos)
    sign = 1 - 2 * (k % 2)
    return sign * value - 2 * k, sign * slope


class MarginProduct(Layer):
    """x w^T, but for the label's column: |x| |w| (psi(cos) + lambda cos) / (1 + lambda)."""

    bottoms = "2"
    tops = "1-2"
    labels = (1,)
    integers = CLASSES
    learns = ("weights",)
    look = "inner product"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.num_output < 1:
            self.fail("num_output must be at least 1", found=self.p.num_output)
        self.axis = axis_of(self, bottom[0], self.p.axis)
        self.k = bottom[0].count_from(self.axis)
        self.m = self.p.type + 1
        self.add_blob((self.p.num_output, self.k), self.p.weight_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        if x.count_from(self.axis) != self.k:
            self.fail("the bottom does not fit the weights", kind=ShapeError,
                      found=f"shape {x.shape}: {x.count_from(self.axis)} numbers an item",
                      allowed=self.k)
        self.items = x.count_from(0, self.axis)
        top[0].reshape(*x.shape[: self.axis], self.p.num_output)
        if len(top) > 1:
            top[1].reshape(1)

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return top[0].count * self.k

    def weights(self) -> Array:
        """The weights to multiply with."""
        return self.read(self.blobs[0].values)

    def count_up(self) -> float:
        """lambda for this forward, which counts."""
        p = self.p
        self.position += 1
        decayed = p.base * (1 + p.gamma * (p.iteration + self.position)) ** -p.power
        return float(max(decayed, p.lambda_min))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        self.mix = self.count_up()
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = self.mix
        w = self.weights()
        x = self.read(bottom[0].values).reshape(self.items, self.k)
        self.label = item_labels(self, bottom[1], self.items, self.p.num_output)
        y = self.overwrite(top[0].values).reshape(self.items, -1)
        xp.matmul(x, w.T, out=y)
        rows = xp.arange(self.items)
        product = y[rows, self.label]
        lengths = [xp.sqrt(xp.square(of).sum(axis=1)) for of in (x, w[self.label])]
        both = lengths[0] * lengths[1] + SMALL
        cos = product / both
        self.column = Column(cos, *psi(self.m, cos), *lengths)
        if self.m > 1:
            y[rows, self.label] = (both * self.column.psi + self.mix * product) / (1 + self.mix)

    def shares(self, dy: Array) -> tuple[Array, Array]:
        """dy without the label's column, but for lambda's part; and the column's other part."""
        rows = self.xp.arange(self.items)
        plain, column = dy.copy(), dy[rows, self.label]
        if self.m == 1:
            return plain, 0 * column
        plain[rows, self.label] = column * (self.mix / (1 + self.mix))
        return plain, column / (1 + self.mix)

    def coefficients(self) -> tuple[Array, Array]:
        """Of the column's derivative by x: how much of w, how much of x there is in it."""
        c = self.column
        return c.slope, c.w_length / (c.x_length + SMALL) * (c.psi - c.cos * c.slope)

    def backward_weights(self, x: Array, w: Array, dy: Array) -> Array:
        """The gradient of the weights."""
        raise NotImplementedError

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads).reshape(self.items, -1)
        x = self.read(bottom[0].values).reshape(self.items, self.k)
        w = self.read(self.blobs[0].values)
        if self.param_propagate_down[0]:
            self.accumulate(self.blobs[0].grads, self.backward_weights(x, w, dy))
        if propagate_down[0]:
            plain, column = self.shares(dy)
            of_w, of_x = ((column * part)[:, None] for part in self.coefficients())
            dx = self.overwrite(bottom[0].grads)
            dx[...] = (plain @ w + of_w * w[self.label] + of_x * x).reshape(dx.shape)
