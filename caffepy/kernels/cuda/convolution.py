"""Convolution by cuDNN: one to three spatial axes, grouped, strided and dilated.

In half precision x, w and y are stored so, and products are summed in float32. cuDNN makes the
gradient of the weights in the type of the activations, so it goes to a buffer first, from which it
is added to the float32 gradient. The bias and its gradient are kernels of our own.

4-D activations lie channels-last where the device likes that, and so do the weights then: memory
keeps both orders, and changes the order of the weights once after each update. A direction that
cuDNN cannot do channels-last reads C order.

Which algorithm is fastest is measured when a direction first runs, on the blobs themselves, before
any step is captured in a graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caffepy.core.memory import Array, Place, Shape, Tensor
from caffepy.errors import DeviceError
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.cuda import cudnn
from caffepy.kernels.cuda.algorithms import (
    BACKWARD_DATA,
    BACKWARD_FILTER,
    FORWARD,
    Algorithm,
    Direction,
)
from caffepy.kernels.cuda.common import FLOAT, LARGEST, Sums, extents, order
from caffepy.kernels.cuda.cudnn import (
    ConvolutionDescriptor,
    FilterDescriptor,
    TensorDescriptor,
)
from caffepy.kernels.cuda.layout import channels_last
from caffepy.kernels.cuda.rewrite import rewrite
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.table import implements

if TYPE_CHECKING:
    from caffepy.kernels.cuda.device import Device

NO_WAY = "CAFFEPY_GPU_LAYOUT=nchw may help, or `engine: REFERENCE` in the layer's parameters."


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "training")
class Convolution(ConvolutionKernel):
    """Three directions, each with its own order and algorithm."""

    engine = "cuda"

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.dtype not in cudnn.DATA_TYPES:
            raise Unsupported(f"the cuDNN convolution takes {', '.join(cudnn.DATA_TYPES)}")
        if any(0 in shape for shape in (spec.x, spec.w, spec.y)):
            raise Unsupported("cuDNN does not take empty tensors")
        if not 3 <= len(spec.x) <= 5:
            raise Unsupported("cuDNN convolves over one to three spatial axes")
        if max(math.prod(spec.x[1:]), math.prod(spec.y[1:])) > LARGEST // 4:
            raise Unsupported("the kernels for the bias cannot count a picture's numbers")
        self.device: Device = owner.device
        self.cudnn = self.device.cudnn
        self._layouts: dict[Place, _Layout] = {}
        self._sums: dict[tuple[Shape, Place], Sums] = {}
        places = [Place.DEVICE.holding(spec.dtype)]
        if len(spec.x) == 4 and channels_last(
                owner.settings, self.device.capability, spec.dtype):
            places.insert(0, Place.DEVICE_LAST.holding(spec.dtype))
        self._forward = self._ways(FORWARD, places)
        self._data = self._ways(BACKWARD_DATA, places) if spec.training else []
        self._weights = self._ways(BACKWARD_FILTER, places) if spec.training else []

    def _ways(self, direction: Direction, places: list[Place]) -> list[_Way]:
        """The direction in each of the places in which cuDNN says it can do it."""
        ways: list[_Way] = []
        for place in places:
            try:
                if place not in self._layouts:
                    self._layouts[place] = _Layout(
                        self.cudnn.library, self.spec, place, self.owner.settings.tf32)
                ways.append(_Way(self, direction, self._layouts[place]))
            except (cudnn.CudnnError, Unsupported) as error:
                reason = error
        if not ways:
            raise Unsupported(str(reason))
        return ways

    @property
    def detail(self) -> str:
        """The order and algorithm of each direction."""
        return ", ".join(
            str(ways[0]) for ways in (self._forward, self._data, self._weights) if ways)

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        way = _ready(self._forward, x, w, self.spec.y)
        ys = y.overwrite(way.place)
        way.algorithm.run(x.read(way.place), w.read(way.place), ys)
        if b is not None:
            self._shift(ys, b, self.spec.y, way.place)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        way = _ready(self._data, w, dy, self.spec.x)
        way.algorithm.run(w.read(way.place), dy.read(way.place), dx.overwrite(way.place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        ways = self._weights
        way = ways[0] if dw is None else _ready(ways, x, dy, self.spec.w)
        dys = dy.read(way.place)
        if dw is not None and way.place.half:
            self._add_in_whole(way, x, dys, dw)
        elif dw is not None:
            xs, (dws, add) = x.read(way.place), dw.accumulate(way.place)
            way.algorithm.run(xs, dys, dws, add)
        if db is not None:
            self._add_sums(dys, db, self.spec.y, way.place)

    def _add_in_whole(self, way: _Way, x: Tensor, dys: Array, dw: Tensor) -> None:
        """The gradient of the weights, in float32, from activations in half precision."""
        place, shape = way.place, self.spec.w
        n, c, *spatial = shape
        made = self.device.xp.empty(
            (n, *spatial, c) if place.channels_last else shape, place.dtype(FLOAT))
        made = made.transpose(0, 3, 1, 2) if place.channels_last else made
        way.algorithm.run(x.read(place), dys, made)
        dws, add = dw.accumulate(Place.DEVICE)
        rewrite(self.device, made, dws, add)

    def add_bias(self, x: Tensor, b: Tensor) -> None:
        place = order(x, self.spec.dtype)
        self._shift(x.write(place), b, self.spec.x, place)

    def add_bias_gradient(self, dx: Tensor, db: Tensor) -> None:
        place = order(dx, self.spec.dtype)
        self._add_sums(dx.read(place), db, self.spec.x, place)

    # bias, by kernels of our own: in any order, and float32 whatever activations are stored as

    def _shift(self, array: Array, b: Tensor, shape: Shape, place: Place) -> None:
        _, dim, inner = extents(shape, place, 1, 2)
        for part in countable(array):
            self.device.launch("scale.shift", part.size, part, b.read(Place.DEVICE), dim, inner,
                               dtype=self.spec.dtype, packed=True)

    def _add_sums(self, array: Array, db: Tensor, shape: Shape, place: Place) -> None:
        for part in countable(array):
            key = (len(part), *shape[1:]), place
            if key not in self._sums:
                self._sums[key] = Sums(self.device, *extents(*key, 1, 2), self.spec.dtype)
            sums = self._sums[key]
            sums.products(part, None)
            sums.collect(*db.accumulate(Place.DEVICE))


def countable(array: Array) -> Iterator[Array]:
    """Pictures, as many at a time as kernels can count the numbers of. cuDNN takes any number."""
    pictures = LARGEST // (array.size // len(array)) // 4 * 4  # so that parts begin with a pack
    for at in range(0, len(array), pictures):
        yield array[at : at + pictures]


def _ready(ways: list[_Way], a: Tensor, b: Tensor, c_shape: Shape) -> _Way:
    """The first way that works, which is found out once; those before it are dropped.

    Raises:
        DeviceError: none works.
    """
    while ways[0].algorithm.number < 0:
        way = ways[0]
        try:
            way.algorithm.choose(a.read(way.place), b.read(way.place), c_shape)
        except Unsupported as reason:
            if len(ways) == 1:
                raise DeviceError(str(reason), fix=NO_WAY) from None
            del ways[0]
    return ways[0]


class _Layout:
    """The descriptors of x, w and y in one order of activations and weights."""

    def __init__(self, library: cudnn.Library, spec: ConvolutionSpec, place: Place, tf32: bool
                 ) -> None:
        self.place = place
        self.tf32 = tf32
        last = place.channels_last
        # cuDNN wants two spatial axes at least: a line is a picture of height 1
        flat = len(spec.x) == 3
        self.dtype = spec.dtype
        self.x = TensorDescriptor(library, _two(spec.x), last, spec.dtype)
        self.w = FilterDescriptor(library, _two(spec.w), last, spec.dtype)
        self.y = TensorDescriptor(library, _two(spec.y), last, spec.dtype)
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
        if self.dtype != "float32":
            math_type = cudnn.TENSOR_OP_MATH
        else:
            math_type = cudnn.DEFAULT_MATH if self.tf32 else cudnn.FMA_MATH
        return ConvolutionDescriptor(library, *self.window, math_type)


class _Way:
    """A direction in one order.

    Raises:
        Unsupported: cuDNN has no algorithm for it in this order.
    """

    def __init__(self, kernel: Convolution, direction: Direction, layout: _Layout) -> None:
        self.layout = layout
        self.place = layout.place
        descriptors = {"x": layout.x, "w": layout.w, "y": layout.y}
        self.algorithm = Algorithm(
            kernel.device, direction, [descriptors[name] for name in direction.operands],
            layout.convolution(kernel.cudnn.library), key=(kernel.spec, layout.place),
            settings=kernel.owner.settings, dtype=layout.dtype)

    def __str__(self) -> str:
        order = "channels-last" if self.place.channels_last else "C order"
        return f"{self.algorithm} ({order}{', ' + self.place.half if self.place.half else ''})"


def _two(shape: Shape) -> Shape:
    """The shape with two spatial axes at least."""
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape
