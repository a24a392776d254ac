"""Normalize (happynear's): the channels of each pixel to length 1.

bottom  x, N x C, to N x C x H x W
top     y, shape of x with axes of 1 to make it four; optionally the lengths, N x 1 x H x W
param   normalize_param { normalize_type: "L2" bp_norm: false }

y = x / n, where n is the root of 1e-6 plus the sum of squares ("L2"), or 1e-6 plus the sum of
absolute values ("L1"). dx = (dy - s * sum(y * dy)) / n, where s is y, or the sign of x for "L1";
the gradient dn of the lengths adds s * dn, and counts only with bp_norm. fix_gradient does nothing,
as on the fork's CPU. The layer is this one if it has a normalize_param or two tops, else SSD's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Tensor
from caffepy.core.registry import register
from caffepy.errors import ShapeError

EPS = 1e-6


@register("Normalize", dialect="happynear", param="normalize_param")
class HappyNormalize(Layer):
    known_by = "a normalize_param, or two tops"
    tops = "1-2"
    recordable = True

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return bool(spec.HasField("normalize_param") or len(spec.top) > 1)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.normalize_type not in ("L1", "L2"):
            self.fail("there is no such normalize_type", found=self.p.normalize_type,
                      allowed='"L2" and "L1"')

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        if not 2 <= x.ndim <= 4:
            self.fail("the bottom must have channels, and four axes at most", kind=ShapeError,
                      found=f"shape {x.shape}")
        self.shape = (*x.shape, *(1 for _ in range(4 - x.ndim)))
        top[0].reshape(self.shape)
        if len(top) > 1:
            top[1].reshape(self.shape[0], 1, *self.shape[2:])

    def four(self, tensor: Tensor) -> Array:
        """The numbers as N x C x H x W."""
        return self.read(tensor).reshape(self.shape)

    def length(self, x: Array) -> Array:
        xp = self.xp
        if self.p.normalize_type == "L1":
            return xp.abs(x).sum(axis=1, keepdims=True) + EPS
        return xp.sqrt(xp.square(x).sum(axis=1, keepdims=True) + EPS)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.four(bottom[0].values)
        n = self.length(x)
        self.overwrite(top[0].values)[...] = x / n
        if len(top) > 1:
            self.overwrite(top[1].values)[...] = n

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        x, dy = self.four(bottom[0].values), self.read(top[0].grads)
        n = self.length(x)
        y = x / n
        slope = self.xp.sign(x) if self.p.normalize_type == "L1" else y
        dx = (dy - slope * (y * dy).sum(axis=1, keepdims=True)) / n
        if len(top) > 1 and self.p.bp_norm:
            dx += slope * self.read(top[1].grads)
        self.overwrite(bottom[0].grads)[...] = dx.reshape(bottom[0].shape)
