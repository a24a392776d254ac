"""Three ways to the gradient of a convolution's weights, and the rule that chooses one.

oneDNN's own primitive runs at half the speed of its forward pass on AVX2 (50 against 95 GFLOP/s
on one core), its matrix product at 70 to 80. So where the sum over pixels is a matrix product,
it is taken as one: at once for 1 x 1 kernels, kernel cell by kernel cell for wide 3 x 3 ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Address, Array, Layout
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.operations.convolution import ConvolutionSpec

LEAST_CHANNELS = 64  # narrower, a kernel cell's product is not worth its two sweeps of memory
LEAST_WIDTH = 14  # smaller pictures are mostly padding
# with AVX2 1 x 1 kernels over so many pixels are 1.05 to 1.3 times as fast by oneDNN's primitive
PRIMITIVE_PIXELS = range(1000, 7000)


def by_products(spec: ConvolutionSpec) -> list[type[OneProduct] | type[CellByCell]]:
    """Which matrix products can do it; they read channels-last."""
    if spec.group != 1 or set(spec.stride) != {1} or spec.dtype != "float32":
        return []
    if set(spec.w[2:]) == {1} and set(spec.pad) == {0}:
        return [OneProduct]
    if set(spec.dilation) == {1} and spec.w[2:] == (3, 3) and spec.pad == (1, 1):
        return [CellByCell]
    return []


def rule(spec: ConvolutionSpec, on_avx2: bool) -> type[OneProduct] | type[CellByCell] | None:
    """The product that is faster than oneDNN's primitive where x and dy lie channels-last.

    With AVX-512 that is a single product always (1.05 to 2 times as fast), cell by cell never.
    """
    for way in by_products(spec):
        if way is OneProduct and not (on_avx2 and _pixels(spec) in PRIMITIVE_PIXELS):
            return way
        if way is CellByCell and on_avx2 and (
                min(spec.w[:2]) >= LEAST_CHANNELS and min(spec.x[2:]) >= LEAST_WIDTH):
            return way
    return None


class WeightGradient:
    """Adds the gradients of a batch to those of the weights and the bias.

    Attributes:
        detail: what runs, for ``caffepy time``.
    """

    detail = ""

    def add(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        """dw += the correlation of x and dy; db += the sums of dy; None for what is not wanted."""
        raise NotImplementedError


class Primitive(WeightGradient):
    """oneDNN's convolution_backward_weights: any kernel. Where activations lie in C order or are
    bfloat16, it does the bias in the same pass; else a sum of its own costs half of that or less.

    Args:
        place: the order in which x and dy lie, of the layouts ``x`` and ``y``.
        caffe: the layout of the parameter.
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, place: Place, chosen: Chosen,
                 x: Layout, y: Layout, caffe: Layout) -> None:
        self.runtime, self.place = runtime, place
        self.bias = spec.bias and (not place.channels_last or spec.dtype != "float32")
        packed = chosen.layout(api.DIFF_WEIGHTS)
        self.detail = f"{x} {chosen.implementation} {packed}"
        self._chosen = chosen
        self._arguments = [(api.SRC, x), (api.DIFF_DST, y), (api.DIFF_WEIGHTS, packed)]
        if self.bias:
            self._arguments.append((api.DIFF_BIAS, runtime.plain((spec.w[0],))))
        self._delivery = Delivery(runtime, packed, caffe, spec.w)
        self._bias_aside = np.empty(spec.w[0], np.float32)
        self._sums = ColumnSums(runtime, _pixels(spec), spec.w[0])

    @cached_property
    def _call(self) -> Call:
        return self._chosen.call(*self._arguments)

    def add(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        if self.bias:
            self._with_bias(x, dy, dw, db)
            return
        dys = dy.read(self.place)
        if db is not None:
            self._sums.add(dys, db)
        if dw is not None:
            self._call(x.read(self.place), dys, self._delivery.target(dw))
            self._delivery.deliver()

    def _with_bias(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        aside = self._bias_aside
        dbs, adds = db.accumulate(Place.HOST) if db is not None else (aside, False)
        self._call(x.read(self.place), dy.read(self.place), self._delivery.target(dw),
                   aside if adds else dbs)
        if adds:
            self.runtime.also(np.add, dbs, aside, out=dbs)
        self._delivery.deliver()


class OneProduct(WeightGradient):
    """1 x 1 kernels: dw (O, C) += dy^T (O, pixels) x (pixels, C)."""

    detail = "sgemm"

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        self.runtime = runtime
        self.pixels, self.inputs, self.outputs = _pixels(spec), spec.w[1], spec.w[0]
        self._x, self._dy, self._dw = Address(), Address(), Address()
        self._sums = ColumnSums(runtime, self.pixels, self.outputs)

    def add(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        dys = dy.read(Place.HOST_LAST)
        if dw is not None:
            xs, (array, adds) = x.read(Place.HOST_LAST), dw.accumulate(Place.HOST)
            product(self.runtime, self.outputs, self.inputs, self.pixels, self._dy.of(dys),
                    self._x.of(xs), self._dw.of(array), adds, of=(dys, xs, array))
        if db is not None:
            self._sums.add(dys, db)


class CellByCell(WeightGradient):
    """3 x 3 kernels of stride 1: one product for each of the nine cells.

    x is copied into rows with a column of zeros behind each and a row of zeros behind each
    picture; dy into rows of the same length. The pixels that a kernel cell looks at then lie at a
    fixed distance from those of dy, past the edges too, so that a single product sums them all.
    """

    detail = "sgemm cell by cell"

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        self.runtime, self.spec = runtime, spec
        n, _, h, w = spec.x
        self.row = w + 1
        self.pixels = n * (h + 1) * self.row
        self.inputs, self.outputs = spec.w[1], spec.w[0]
        self._sums = ColumnSums(runtime, _pixels(spec), self.outputs)
        cells = runtime.strided(spec.w, (1, self.outputs, 3 * self.inputs * self.outputs,
                                         self.inputs * self.outputs))
        self._delivery = Delivery(runtime, cells, runtime.plain(spec.w), spec.w)

    @cached_property
    def _pad_x(self) -> Padded:
        return Padded(self.runtime, self.spec.x, before=self.row + 1, after=self.row + 1)

    @cached_property
    def _pad_dy(self) -> Padded:
        return Padded(self.runtime, self.spec.y, before=0, after=0)

    def add(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        dys = dy.read(Place.HOST_LAST)
        if db is not None:
            self._sums.add(dys, db)
        if dw is None:
            return
        there, here = self._pad_x.filled(x.read(Place.HOST_LAST)), self._pad_dy.filled(dys)
        target = self._delivery.target(dw)
        to = api.address(target)
        for cell in range(9):
            shift = 4 * self.inputs * (cell // 3 * self.row + cell % 3)
            product(self.runtime, self.inputs, self.outputs, self.pixels, there + shift, here,
                    to + 4 * cell * self.inputs * self.outputs, False, of=(target,))
        self._delivery.deliver()


class Padded:
    """Pictures with zeros behind each row and each picture, channels-last.

    Args:
        before, after: pixels of zeros before the first picture and after the last.
    """

    def __init__(self, runtime: Runtime, shape: Sequence[int], before: int, after: int) -> None:
        n, c, h, w = shape
        row, picture = (w + 1) * c, (h + 1) * (w + 1) * c
        self.room = api.empty_bytes(4 * (n * picture + (before + after) * c)).view(np.float32)
        self.room[...] = 0  # the copies leave the edges alone
        self._inside = self.room[before * c :]
        self._start = api.address(self.room)
        self._copy = runtime.reorder(runtime.last(shape),
                                     runtime.strided(shape, (picture, 1, row, c)))

    def filled(self, pictures: Array) -> int:
        """Copy pictures in; returns the address of the first pixel before them."""
        self._copy(pictures, self._inside)
        return self._start


class ColumnSums:
    """The gradient of the bias: the sum of each channel over all pixels."""

    def __init__(self, runtime: Runtime, pixels: int, channels: int) -> None:
        self.runtime, self.pixels, self.channels = runtime, pixels, channels
        self._dy, self._db = Address(), Address()

    @cached_property
    def _ones(self) -> Array:
        return np.ones(self.pixels, np.float32)

    def add(self, dy: Array, db: Tensor) -> None:
        """db += the sums of the pixels of ``dy``, which lies channels-last."""
        array, adds = db.accumulate(Place.HOST)
        # rows first: (channels, 1) = dy^T (channels, pixels) ones (pixels, 1)
        product(self.runtime, self.channels, 1, self.pixels, self._dy.of(dy),
                api.address(self._ones), self._db.of(array), adds, of=(dy, array))


class Delivery:
    """Where oneDNN puts the gradient of the weights, and how it gets into the parameter's.

    Args:
        written: the order in which it is computed.
        caffe: the order of the parameter, of ``shape``.
    """

    def __init__(
        self, runtime: Runtime, written: Layout, caffe: Layout, shape: Sequence[int]
    ) -> None:
        self.direct = caffe == written
        self.layouts = (written, caffe)
        self.runtime = runtime
        self.shape = shape
        self.pending: tuple[Array, bool] | None = None

    @cached_property
    def reorder(self) -> Call:
        return self.runtime.reorder(*self.layouts)

    @cached_property
    def buffer(self) -> Array:
        return api.empty_bytes(self.layouts[0].nbytes)

    @cached_property
    def aside(self) -> Array:
        """The gradient in Caffe's order, before it is added."""
        if self.direct:
            return self.buffer.view(np.float32).reshape(self.shape)
        return np.empty(self.shape, np.float32)

    def target(self, dw: Tensor | None) -> Array:
        """What is to be written into, now; ``deliver`` follows."""
        if dw is None:
            return self.buffer
        array, adds = dw.accumulate(Place.HOST)
        if self.direct and not adds:
            return array
        self.pending = (array, adds)
        return self.buffer

    def deliver(self) -> None:
        """Bring what was written to where it belongs."""
        if self.pending is None:
            return
        array, adds = self.pending
        self.pending = None
        if not self.direct:
            self.reorder(self.buffer, self.aside if adds else array)
        if adds:
            self.runtime.also(np.add, array, self.aside, out=array)


def _pixels(spec: ConvolutionSpec) -> int:
    return spec.y[0] * math.prod(spec.y[2:])


def product(runtime: Runtime, m: int, n: int, k: int, a: int, b: int, c: int, adds: bool,
            of: Sequence[Array]) -> None:
    """c (m, n) = a^T b with a (k, m) and b (k, n), or += if ``adds``; all by address.

    Args:
        of: the arrays of tensors that these are in.
    """
    runtime.product(b"T", b"N", m, n, k, 1.0, a, m, b, n, 1.0 if adds else 0.0, c, n, of=of)
