"""Local response normalization, across channels and within one, channels-last.

With w the mean or sum over the window, r the factor before it, and s = k + r w(x^2):

    y  = x s^-beta
    dx = dy s^-beta - 2 r beta x w(dy x s^-(beta + 1))

oneDNN's own are used where they are fast. Its backward is slow without AVX-512, and with a beta
other than 0.75; then these formulas run on oneDNN's elementwise operations, in pieces that stay in
the cache. Across channels w is a product with a banded 0/1 matrix, taken in tiles of channels;
within one it is a mean pooling. Both are symmetric, so w is its own transpose.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, dims
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.onednn.runtime import Call, Runtime
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.kernels.table import implements

PLACE = Place.HOST_LAST
PIECE = 2**17  # numbers of one array: all that a step touches stays in the last-level cache
TILE = 64  # channels that share one banded product


@implements("region", "shape", "size", "alpha", "beta", "k", "training")
class LRN(LRNKernel):
    """y = x s^-beta."""

    engine = "onednn"

    def __init__(self, spec: LRNSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime_of(owner, spec.shape)
        self._whole: Call | None = None
        self._whole_back: Call | None = None
        if spec.region == "across":
            with contextlib.suppress(Unsupported):
                self._plan_own()
        self._views: dict[str, tuple[Array, list[Array]]] = {}

    def _plan_own(self) -> None:
        """Across channels: oneDNN's forward, and its backward if that is fast, too."""
        s, layout = self.spec, self.runtime.last(self.spec.shape)
        numbers = (s.size, s.alpha, s.beta, s.k)
        if s.training and s.size > 1:  # oneDNN 3.2 ends the process over a window of one
            with contextlib.suppress(Unsupported):
                chosen = self.runtime.choose("lrn_forward", api.TRAINING, api.LRN_ACROSS, layout,
                                             layout, *numbers)
                back = self.runtime.choose("lrn_backward", api.LRN_ACROSS, layout, layout, layout,
                                           *numbers, chosen)
                kept = chosen.layout(api.WORKSPACE)
                fixed = [(api.WORKSPACE, kept, api.empty_bytes(kept.nbytes))]
                self._whole = chosen.call((api.SRC, layout), (api.DST, layout), fixed=fixed)
                self._whole_back = back.call((api.SRC, layout), (api.DIFF_DST, layout),
                                             (api.DIFF_SRC, layout), fixed=fixed)
                return
        chosen = self.runtime.choose("lrn_forward", api.INFERENCE, api.LRN_ACROSS, layout, layout,
                                     *numbers)
        self._whole = chosen.call((api.SRC, layout), (api.DST, layout))

    @property
    def detail(self) -> str:
        way = "banded product" if self.spec.region == "across" else "mean pooling"
        forward, backward = (call.implementation if call else way
                             for call in (self._whole, self._whole_back))
        return f"acdb forward {forward}, backward {backward}"

    @cached_property
    def pieces(self) -> list[tuple[_Piece, int]]:
        """The plans for parts of the array, each with the place of its first number."""
        n, c, h, w = self.spec.shape
        # across channels any number of pixels will do, within one it takes whole images
        unit, units = (c, n * h * w) if self.spec.region == "across" else (c * h * w, n)
        step = min(units, max(1, PIECE // unit))
        plans = {size: _Piece(self.runtime, self.spec, size)
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

    def forward(self, x: Tensor, y: Tensor) -> None:
        xs, ys = x.read(PLACE), y.overwrite(PLACE)
        if self._whole:
            self._whole(xs, ys)
            return
        for (piece, _), *arrays in zip(self.pieces, self._cut("x", xs), self._cut("y", ys),
                                       strict=True):
            piece.forward(*arrays)

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        xs, dys = x.read(PLACE), dy.read(PLACE)
        dxs = dx.overwrite(PLACE)
        if self._whole_back:
            self._whole_back(xs, dys, dxs)
            return
        for (piece, _), *arrays in zip(
            self.pieces, self._cut("x", xs), self._cut("dy", dys), self._cut("dx", dxs),
            strict=True,
        ):
            piece.backward(*arrays)


class _Piece:
    """The formulas over ``size`` pixels (across) or images (within), as flat arrays."""

    def __init__(self, runtime: Runtime, spec: LRNSpec, size: int) -> None:
        _, c, h, w = spec.shape
        across = spec.region == "across"
        self.count = size * (c if across else c * h * w)
        # the pooling takes the mean, the banded product the sum
        rate = spec.alpha / spec.size if across else spec.alpha
        k = spec.k if across else 1.0
        self.smooth: Any = (
            _Band(runtime, size, c, spec.size) if across else
            _mean(runtime, (size, c, h, w), spec.size)
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


def _mean(runtime: Runtime, shape: tuple[int, ...], size: int) -> Call:
    """The mean over the size x size cells around each, zeros beyond the border."""
    layout, pad = runtime.last(shape), size // 2
    chosen = runtime.choose(
        "pooling_forward", api.INFERENCE, api.MEAN_OF_WINDOW, layout, layout, dims((1, 1)),
        dims((size, size)), dims((0, 0)), dims((pad, pad)), dims((pad, pad)),
    )
    return chosen.call((api.SRC, layout), (api.DST, layout))


class _Band:
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
