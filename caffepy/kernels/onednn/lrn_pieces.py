"""The formulas of lrn.py over a part of the array that stays in the cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, dims
from caffepy.kernels.onednn.runtime import Call, Runtime
from caffepy.kernels.operations.lrn import LRNSpec

TILE = 64  # channels that share one banded product


class Piece:
    """The formulas over ``size`` pixels (across) or images (within), as flat arrays."""

    def __init__(self, runtime: Runtime, spec: LRNSpec, size: int) -> None:
        _, c, h, w = spec.shape
        across = spec.region == "across"
        self.count = size * (c if across else c * h * w)
        # the pooling takes the mean, the banded product the sum
        rate = spec.alpha / spec.size if across else spec.alpha
        k = spec.k if across else 1.0
        self.smooth: Any = (
            Band(runtime, size, c, spec.size) if across else
            mean(runtime, (size, c, h, w), spec.size)
        )
        line = runtime.plain((self.count,))
        two = ((api.SRC, line), (api.SRC_1, line), (api.DST, line))

        # (w, w, s): s = k + rate w. The maximum of w and itself is w: a way to start a chain.
        self.scale = runtime.choose("binary", api.MAX, line, line, line, post_ops=[
            ("eltwise", api.LINEAR, rate, k)]).call(*two)
        self.multiply = runtime.choose("binary", api.MUL, line, line, line).call(*two)
        # (s, s, out, s..., f): s^-beta f
        chain = [*_power(-spec.beta, line), ("binary", api.MUL, line)]
        self.power = runtime.choose("binary", api.MAX, line, line, line, post_ops=chain).call(
            *two, *((api.post_op_argument(i), line) for i, (kind, *_) in enumerate(chain)
                    if kind == "binary"))
        self.divisors = sum(kind == "binary" for kind, *_ in chain) - 1
        # (a, b, out, s): a b / s
        self.ratio = runtime.choose("binary", api.MUL, line, line, line, post_ops=[
            ("binary", api.DIV, line)]).call(*two, (api.post_op_argument(0), line))
        # (a, b, out, c): -2 rate beta a b + c
        self.finish = runtime.choose("binary", api.MUL, line, line, line, post_ops=[
            ("eltwise", api.LINEAR, -2 * rate * spec.beta, 0.0), ("binary", api.ADD, line),
        ]).call(*two, (api.post_op_argument(1), line))
        self.a, self.b, self.c = (
            api.empty_bytes(4 * self.count).view(np.float32) for _ in range(3))

    def _scaled(self, x: Array) -> Array:
        """s, in room of our own."""
        self.multiply(x, x, self.a)
        self.smooth(self.a, self.b)
        self.scale(self.b, self.b, self.b)
        return self.b

    def forward(self, x: Array, y: Array) -> None:
        s = self._scaled(x)
        self.power(s, s, y, *[s] * self.divisors, x)

    def backward(self, x: Array, dy: Array, dx: Array) -> None:
        s, a, c = self._scaled(x), self.a, self.c
        self.power(s, s, c, *[s] * self.divisors, dy)
        self.ratio(c, x, a, s)
        self.smooth(a, self.b)
        self.finish(self.b, x, dx, c)


def _power(exponent: float, line: api.Layout) -> list[tuple[Any, ...]]:
    """Post-ops that make s^exponent of s, given s once more for each division.

    By roots and divisions, which are exact to the last digit or two, if there are few enough. By
    logarithms otherwise: oneDNN's are off by 4e-6, and so is the power, relatively.
    """
    divisions = math.ceil(-exponent)
    roots = {0.0: 0, 0.5: 1, 0.25: 2}.get(divisions + exponent)
    if roots is None or not 0 < divisions <= 2:
        return [("eltwise", api.LOG, 0.0, 0.0), ("eltwise", api.LINEAR, exponent, 0.0),
                ("eltwise", api.EXP, 0.0, 0.0)]
    divisions += roots == 0  # what the chain starts with is s, and shall be 1
    return [("eltwise", api.SQRT, 0.0, 0.0)] * roots + [("binary", api.DIV, line)] * divisions


def mean(runtime: Runtime, shape: tuple[int, ...], size: int) -> Call:
    """The mean over the size x size cells around each, zeros beyond the border."""
    layout, pad = runtime.last(shape), size // 2
    chosen = runtime.choose(
        "pooling_forward", api.INFERENCE, api.MEAN_OF_WINDOW, layout, layout, dims((1, 1)),
        dims((size, size)), dims((0, 0)), dims((pad, pad)), dims((pad, pad)),
    )
    return chosen.call((api.SRC, layout), (api.DST, layout))


class Band:
    """The sum over neighbouring channels: (rows, C) times a C x C matrix of 0 and 1.

    Beyond the band the matrix is zero, so each tile of channels multiplies only with those it
    can see.
    """

    def __init__(self, runtime: Runtime, rows: int, channels: int, size: int) -> None:
        self.runtime = runtime
        self.rows = rows
        self.channels = channels
        half = size // 2
        self.tiles = []
        for start in range(0, channels, TILE):
            end = min(start + TILE, channels)
            low, high = max(0, start - half), min(channels, end + half)
            seen, wanted = np.arange(low, high), np.arange(start, end)
            near = np.abs(seen[:, None] - wanted) <= half
            matrix = near.astype(np.float32)
            self.tiles.append((start, end, low, high, matrix, matrix.ctypes.data))
        self.source, self.target = api.Address(), api.Address()

    def __call__(self, source: Array, target: Array) -> None:
        a, c = self.source.of(source), self.target.of(target)
        for start, end, low, high, matrix, at in self.tiles:
            # (rows, end - start) = (rows, high - low) (high - low, end - start)
            self.runtime.product(
                b"N", b"N", self.rows, end - start, high - low, 1.0, a + 4 * low, self.channels,
                at, end - start, 0.0, c + 4 * start, self.channels, of=(source, matrix, target))
