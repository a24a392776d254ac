"""Local response normalization, across channels and within one, channels-last.

With w the mean or sum over the window, r the factor before it, and s = k + r w(x^2):

    y  = x s^-beta
    dx = dy s^-beta - 2 r beta x w(dy x s^-(beta + 1))

oneDNN's own are used where they are fast and right (lrn_own.py). Its backward is slow without
AVX-512, and with a beta other than 0.75 or 1; then these formulas run on oneDNN's elementwise
operations, in pieces that stay in the cache. Across channels w is a product with a banded 0/1
matrix, taken in tiles of channels; within one it is a mean pooling. Both are symmetric, so w is its
own transpose.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cached_property
from typing import Any

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.common import FLOAT, STORED, runtime_of
from caffepy.kernels.onednn.lrn_own import Own, Padded
from caffepy.kernels.onednn.lrn_pieces import Piece
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.kernels.table import implements

PIECE = 2**17  # numbers of one array: all that a step touches stays in the last-level cache


@implements("region", "shape", "size", "alpha", "beta", "k", "training")
class LRN(LRNKernel):
    """y = x s^-beta."""

    engine = "onednn"

    def __init__(self, spec: LRNSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime_of(self, spec.shape, types=STORED)
        self._own = self._whole(spec)
        self._trains = self._own is not None and spec.training
        if self._own is None and spec.training:
            self._own = self._whole(replace(spec, training=False))
        if spec.dtype not in FLOAT and (self._own is None or spec.training != self._trains):
            raise Unsupported("the formulas are computed in float32")
        self.place = Place.HOST_LAST.holding(spec.dtype)
        self.leaves = self._trains
        self._views: dict[str, tuple[Array, list[Array]]] = {}

    def _whole(self, spec: LRNSpec) -> Own | Padded | None:
        """oneDNN's own kernels over the whole array, if it has any that are fast and right."""
        for way in (Own, Padded) if spec.region == "across" else ():
            with contextlib.suppress(Unsupported):
                return way(self.runtime, spec)
        return None

    @property
    def detail(self) -> str:
        way = "banded product" if self.spec.region == "across" else "mean pooling"
        forward, backward = self._own.details if self._own else (None, None)
        return f"acdb forward {forward or way}, backward {backward or way}"

    @cached_property
    def pieces(self) -> list[tuple[Piece, int]]:
        """The plans for parts of the array, each with the place of its first number."""
        n, c, h, w = self.spec.shape
        # across channels any number of pixels will do, within one it takes whole images
        unit, units = (c, n * h * w) if self.spec.region == "across" else (c * h * w, n)
        step = min(units, max(1, PIECE // unit))
        plans = {size: Piece(self.runtime, self.spec, size)
                 for size in {step, units % step} if size}
        return [(plans[min(step, units - start)], start * unit)
                for start in range(0, units, step)]

    def _cut(self, name: str, array: Array) -> list[Array]:
        """The parts of an array, cut once while it stays the same one."""
        if name not in self._views or self._views[name][0] is not array:
            line = array.transpose(0, 2, 3, 1).reshape(-1)  # as it lies in memory
            cuts = [line[start : start + piece.count] for piece, start in self.pieces]
            self._views[name] = (array, cuts)
        return self._views[name][1]

    def _leaving(self) -> Any:
        """Where oneDNN's own leave what backward needs."""
        if self.left is None and self._trains and self._own:
            self.left = self._own.empty()
        return self.left or []

    def forward(self, x: Tensor, y: Tensor) -> None:
        xs, ys = x.read(self.place), y.overwrite(self.place)
        if self._own:
            self._own.forward(xs, ys, self._leaving())
            return
        for (piece, _), *arrays in zip(self.pieces, self._cut("x", xs), self._cut("y", ys),
                                       strict=True):
            piece.forward(*arrays)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        xs, dys = x.read(self.place), dy.read(self.place)
        dxs = dx.overwrite(self.place)
        if self._own and self._trains:
            self._own.backward(xs, dys, dxs, self._leaving())
            return
        for (piece, _), *arrays in zip(
            self.pieces, self._cut("x", xs), self._cut("dy", dys), self._cut("dx", dxs),
            strict=True,
        ):
            piece.backward(*arrays)
