"""The weights of Winograd's convolution at its points, and their gradients back from there.

U = G w mixes the rows of each kernel, and dw = G^T dU; see winograd.py. Both work on weights in the
order that oneDNN wants: each row of the kernels is brought into it by itself, and what is mixed are
those, as long runs of numbers.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.core.seen import Seen
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout
from caffepy.kernels.onednn.common import Cuts
from caffepy.kernels.onednn.interpolation import Tile
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.kernels.onednn.weight_gradient import product
from caffepy.kernels.operations.convolution import ConvolutionSpec


def row_layout(runtime: Runtime, spec: ConvolutionSpec) -> Layout:
    """One row of all kernels, as it lies in the parameter: (O, C, 1, kernel width)."""
    outputs, inputs, height, width = spec.w
    strides = (inputs * height * width, height * width, width, 1)
    if spec.group == 1:
        return runtime.strided((outputs, inputs, 1, width), strides)
    outputs //= spec.group
    return runtime.strided((spec.group, outputs, inputs, 1, width),
                           (outputs * strides[0], *strides))


class Mixed:
    """The weights at each point, made anew when their version says that they have changed.

    Args:
        packed: how oneDNN wants those of one point.
        g: (points, kernel height).
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, packed: Layout, g: Array) -> None:
        self.runtime = runtime
        points, height = g.shape
        self.count = packed.nbytes // 4
        self._gt = np.ascontiguousarray(g.T, np.float32)
        row = row_layout(runtime, spec)
        self._pack = [runtime.reorder(row, packed) for _ in range(height)]
        self._rows = api.empty_bytes(height * packed.nbytes).view(np.float32)
        self._mixed = api.empty_bytes(points * packed.nbytes).view(np.float32)
        self._read = Cuts(range(0, height * spec.w[3], spec.w[3]))
        self._wrote = Cuts(range(0, height * self.count, self.count))
        self._points = Cuts(range(0, points * self.count, self.count))
        self._seen = Seen()

    def read(self, w: Tensor) -> list[Array]:
        """Those of each point."""
        if self._seen.is_new(w):
            array = w.read(Place.HOST)
            for pack, row, packed in zip(self._pack, self._read.of(array),
                                         self._wrote.of(self._rows), strict=True):
                pack(row, packed)
            height, points = self._gt.shape
            product(self.runtime, points, self.count, height, api.address(self._gt),
                    api.address(self._rows), api.address(self._mixed), False, of=())
        return self._points.of(self._mixed)


class Gathered:
    """The gradients at all points of all steps, and their way into the parameter's."""

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, tile: Tile, packed: Layout,
                 steps: int) -> None:
        self.runtime = runtime
        height, width = spec.w[2:]
        count, points = packed.nbytes // 4, tile.points * steps
        self._shape = height, count, points
        self._g = np.tile(tile.g.astype(np.float32), (steps, 1))  # adds the steps up, too
        self._all = api.empty_bytes(points * packed.nbytes).view(np.float32)
        self._rows = api.empty_bytes(height * packed.nbytes).view(np.float32)
        self._aside = np.empty(spec.w, np.float32)
        self.at_points = Cuts(range(0, points * count, count)).of(self._all)
        self._from = Cuts(range(0, height * count, count))
        self._to = Cuts(range(0, height * width, width))
        row = row_layout(runtime, spec)
        self._unpack = [runtime.reorder(packed, row) for _ in range(height)]

    def deliver(self, dw: Tensor) -> None:
        """dw += what lies at the points."""
        height, count, points = self._shape
        product(self.runtime, height, count, points, api.address(self._g),
                api.address(self._all), api.address(self._rows), False, of=())
        array, adds = dw.accumulate(Place.HOST)
        for unpack, packed, row in zip(self._unpack, self._from.of(self._rows),
                                       self._to.of(self._aside if adds else array), strict=True):
            unpack(packed, row)
        if adds:
            self.runtime.also(np.add, array, self._aside, out=array)
