"""Convolution by cuDNN: one to three spatial axes, grouped, strided and dilated.

4-D activations lie channels-last where the device likes that, and so do the weights then: memory
keeps both orders, and changes the order of the weights once after each update. A direction that
cuDNN cannot do channels-last reads C order.

Which algorithm is fastest is measured when a direction first runs, on the blobs themselves (all
outputs are overwritten anyway; gradients that accumulate are kept aside), before any step is
captured in a graph.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from caffepy.core.memory import Array, Place, Shape, Tensor
from caffepy.kernels.base import ConvolutionKernel, ConvolutionSpec, Engine, Unsupported
from caffepy.kernels.cuda import cudnn, settings
from caffepy.kernels.cuda.algorithms import BACKWARD_DATA, BACKWARD_FILTER, FORWARD, Algorithm
from caffepy.kernels.cuda.algorithms import Direction as CudnnDirection
from caffepy.kernels.cuda.cudnn import ConvolutionDescriptor, FilterDescriptor, TensorDescriptor

if TYPE_CHECKING:
    from caffepy.kernels.cuda.device import Device

ZERO, ONE = ctypes.c_float(0.0), ctypes.c_float(1.0)
_ZERO, _ONE = ctypes.byref(ZERO), ctypes.byref(ONE)


class Convolution(ConvolutionKernel):
    """Three directions, each with its own order and algorithm."""

    engine = "cuda"

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.dtype != "float32":
            raise Unsupported("the cuDNN convolution computes in float32 only")
        if any(0 in shape for shape in (spec.x, spec.w, spec.y)):
            raise Unsupported("cuDNN does not take empty tensors")
        if not 3 <= len(spec.x) <= 5:
            raise Unsupported("cuDNN convolves over one to three spatial axes")
        self.device: Device = owner.device  # type: ignore[attr-defined]
        self.cudnn = self.device.cudnn
        self._layouts: dict[Place, _Layout] = {}
        places = [Place.DEVICE]
        if len(spec.x) == 4 and self.device.channels_last:
            places.insert(0, Place.DEVICE_LAST)
        self._forward = self._choose(FORWARD, places)
        self._data = self._choose(BACKWARD_DATA, places)
        self._weights = self._choose(BACKWARD_FILTER, places)

    def _choose(self, direction: CudnnDirection, places: list[Place]) -> _Direction:
        """The direction in the first of the places in which cuDNN can do it."""
        for place in places:
            try:
                if place not in self._layouts:
                    self._layouts[place] = _Layout(self.cudnn.library, self.spec, place)
                return _Direction(self, direction, self._layouts[place])
            except (cudnn.CudnnError, Unsupported) as error:
                reason = error
        raise Unsupported(str(reason))

    @property
    def detail(self) -> str:
        """The order and algorithm of each direction."""
        return ", ".join(str(way) for way in (self._forward, self._data, self._weights))

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        way = self._forward
        place, layout = way.place, way.layout
        ys = y.overwrite(place)
        way.run(x.read(place), w.read(place), ys)
        if b is not None:
            self.cudnn.library.AddTensor(self.cudnn, _ONE, layout.b, b.read(Place.DEVICE).data.ptr,
                                         _ONE, layout.y, ys.data.ptr)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        way = self._data
        way.run(w.read(way.place), dy.read(way.place), dx.overwrite(way.place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        way = self._weights
        place, layout = way.place, way.layout
        dys = dy.read(place)
        if dw is not None:
            xs, (dws, add) = x.read(place), dw.accumulate(place)
            way.run(xs, dys, dws, add)
        if db is not None:
            dbs, add = db.accumulate(Place.DEVICE)
            self.cudnn.library.ConvolutionBackwardBias(
                self.cudnn, _ONE, layout.y, dys.data.ptr, _ONE if add else _ZERO, layout.b,
                dbs.data.ptr)


class _Layout:
    """The descriptors of x, w, y and b in one order of activations and weights."""

    def __init__(self, library: cudnn.Library, spec: ConvolutionSpec, place: Place) -> None:
        self.place = place
        last = place.channels_last
        # cuDNN wants two spatial axes at least: a line is a picture of height 1
        flat = len(spec.x) == 3
        self.x = TensorDescriptor(library, _two(spec.x), last)
        self.w = FilterDescriptor(library, _two(spec.w), last)
        self.y = TensorDescriptor(library, _two(spec.y), last)
        self.b = TensorDescriptor(library, (1, spec.y[1], *(1,) * (len(_two(spec.y)) - 2)))
        self.window = (
            (0, *spec.pad) if flat else spec.pad,
            (1, *spec.stride) if flat else spec.stride,
            (1, *spec.dilation) if flat else spec.dilation,
            spec.group,
        )
        # which of CUDNN_DEFAULT_MATH or FMA_MATH a direction uses may differ, so each has its own
        y = self.convolution(library).out(self.x, self.w, len(_two(spec.y)))
        if y != _two(spec.y):
            raise Unsupported(f"cuDNN would make an output of shape {y}")

    def convolution(self, library: cudnn.Library) -> ConvolutionDescriptor:
        """A new descriptor of the window."""
        math_type = cudnn.DEFAULT_MATH if settings.tf32() else cudnn.FMA_MATH
        return ConvolutionDescriptor(library, *self.window, math_type)


class _Direction:
    """Forward, backward to the data or backward to the weights, ready to run.

    Raises:
        Unsupported: cuDNN has no algorithm for it in this order.
    """

    def __init__(self, kernel: Convolution, direction: CudnnDirection, layout: _Layout) -> None:
        handle = kernel.cudnn
        self.layout = layout
        self.place = layout.place
        self.device = kernel.device
        self.handle = handle
        self.convolution = layout.convolution(handle.library)
        descriptors = {"x": layout.x, "w": layout.w, "y": layout.y}
        self.algorithm = Algorithm(
            kernel.device, direction, [descriptors[name] for name in direction.operands],
            self.convolution, key=(kernel.spec, layout.place))
        self.call = getattr(handle.library, direction.run)
        self.a, self.b, self.c = self.algorithm.descriptors

    def __str__(self) -> str:
        order = "channels-last" if self.place.channels_last else "C order"
        return f"{self.algorithm} ({order})"

    def run(self, a: Array, b: Array, c: Array, add: bool = False) -> None:
        """c = a * b, or += if ``add``; what the three are, the direction's ``operands`` tell."""
        algorithm, memory = self.algorithm.chosen(a, b, c, keep=add)
        workspace = self.device.workspace(memory).data.ptr if memory else None
        self.call(self.handle, _ONE, self.a, a.data.ptr, self.b, b.data.ptr, self.convolution,
                  algorithm, workspace, memory, _ONE if add else _ZERO, self.c, c.data.ptr)


def _two(shape: Shape) -> Shape:
    """The shape with two spatial axes at least."""
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape
