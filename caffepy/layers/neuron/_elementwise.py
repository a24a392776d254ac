"""Base of the layers that are one formula: y = f(x), dx = dy * f'(x, y), number by number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array


class Elementwise(Layer):
    """A layer given by ``f`` and ``slope``; works in the order x was last written in.

    ``keeps`` says whether ``slope`` looks at x ("bottom"), at y ("top") or at both. A layer that
    looks at x and runs in place keeps a copy of it, since y takes its room; the original did not,
    and its gradient was wrong then.
    """

    inplace = True
    recordable = True
    same_place = True

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        return True

    def f(self, x: Array) -> Array:
        """y for x."""
        raise NotImplementedError

    def slope(self, x: Array, y: Array) -> Array:
        """f'(x), which may be computed from x, from y = f(x), or from both."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        self._x = bottom[0]
        self._copies = top[0] is bottom[0] and "bottom" in type(self).keeps
        if self._copies:
            self._x = Blob(bottom[0].shape, self.dtype, self.context.mover)
            self.keeps = tuple(kept for kept in type(self).keeps if kept != "bottom")

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        x = bottom[0].values.read(place)
        if self._copies:
            self._x.values.overwrite(place)[...] = x
        y = self.f(x)  # before y's room is taken, which in place is x's
        top[0].values.overwrite(place)[...] = y

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        place = self.follow(top[0].values)
        keeps, dy = type(self).keeps, top[0].grads.read(place)
        # what is not kept is not looked at: slope gets the other for it
        x = (self._x if "bottom" in keeps else top[0]).values.read(place)
        y = top[0].values.read(place) if "top" in keeps else x
        slope = self.slope(x, y)
        self.xp.multiply(dy, slope, out=bottom[0].grads.overwrite(place))


def log_of_base(layer: Layer) -> float:
    """ln(base) of Exp and Log, where a base of -1 stands for e."""
    base = layer.p.base
    if base == -1:
        return 1.0
    if base <= 0 or base == 1:
        layer.fail("base must be positive and not 1, or -1 for e", found=f"{base:g}")
    return math.log(base)
