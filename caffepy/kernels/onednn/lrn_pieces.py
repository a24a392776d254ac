"""The formulas of lrn.py over a part of the array that stays in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.kernels.base import LRNSpec
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, dims
from caffepy.kernels.onednn.runtime import Call, Runtime

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

        def power(exponent: float, factors: int) -> Call:
            """(w, w, out, factor...): (k + rate w)^exponent times the factors.

            The maximum of w and itself is w: a way to start a chain.
            """
            chosen = runtime.choose("binary", api.MAX, line, line, line, post_ops=[
                ("eltwise", api.LINEAR, rate, k), ("eltwise", api.LOG, 0.0, 0.0),
                ("eltwise", api.LINEAR, exponent, 0.0), ("eltwise", api.EXP, 0.0, 0.0),
                *[("binary", api.MUL, line)] * factors,
            ])
            return chosen.call(*two, *((api.post_op_argument(4 + i), line)
                                       for i in range(factors)))

        self.multiply = runtime.choose("binary", api.MUL, line, line, line).call(*two)
        self.power = power(-spec.beta, 1)
        self.power_of_ratio = power(-spec.beta - 1, 2)
        # (a, b, out, c): -2 rate beta a b + c
        self.finish = runtime.choose("binary", api.MUL, line, line, line, post_ops=[
            ("eltwise", api.LINEAR, -2 * rate * spec.beta, 0.0), ("binary", api.ADD, line),
        ]).call(*two, (api.post_op_argument(1), line))
        self.a, self.b, self.c = (
            api.empty_bytes(4 * self.count).view(np.float32) for _ in range(3))

    def forward(self, x: Array, y: Array) -> None:
        self.multiply(x, x, self.a)
        self.smooth(self.a, self.b)
        self.power(self.b, self.b, y, x)

    def backward(self, x: Array, dy: Array, dx: Array) -> None:
        a, b, c = self.a, self.b, self.c
        self.multiply(x, x, a)
        self.smooth(a, b)
        self.power(b, b, c, dy)
        self.power_of_ratio(b, b, a, dy, x)
        self.smooth(a, b)
        self.finish(b, x, dx, c)


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
        self.runtime.use_threads()
        a, c = self.source.of(source), self.target.of(target)
        for start, end, low, high, _, matrix in self.tiles:
            # (rows, end - start) = (rows, high - low) (high - low, end - start)
            api.check(
                self.runtime.library.sgemm(
                    b"N", b"N", self.rows, end - start, high - low, 1.0, a + 4 * low,
                    self.channels, matrix, end - start, 0.0, c + 4 * start,
                    self.channels,
                ),
                "multiply matrices",
            )
