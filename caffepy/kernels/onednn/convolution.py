"""Convolution over two spatial axes, grouped, strided and dilated, channels-last.

The weights stay in Caffe's order. Each direction may want them in another order of oneDNN's: it
keeps a copy of its own, renewed when the version of the weights says that they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.base import ConvolutionKernel, ConvolutionSpec, Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.common import first_fast, runtime_of
from caffepy.kernels.onednn.runtime import Call, Runtime


class Convolution(ConvolutionKernel):
    """By the direct algorithm (Winograd's rounds differently)."""

    engine = "onednn"

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("oneDNN convolutions are planned for two spatial axes")
        self.runtime = runtime = runtime_of(owner, spec.x, spec.w, spec.y)
        grouped = spec.w
        if spec.group > 1:
            grouped = (spec.group, spec.w[0] // spec.group, *spec.w[1:])
        self.caffe_weights = runtime.plain(grouped)
        self.any_weights = runtime.any(grouped)
        self.bias = runtime.plain((spec.w[0],)) if spec.bias else None
        self.place = first_fast(
            [(Place.HOST_LAST, runtime.last), (Place.HOST, runtime.plain)], self._choose
        )
        self._gradient = _Gradient(runtime, self.caffe_weights,
                                   self._weights.layout(api.DIFF_WEIGHTS), spec.w)
        self._bias_aside = np.empty(spec.w[0], np.float32)

    def _choose(self, layout: Callable[[Sequence[int]], Layout]) -> None:
        """Ask oneDNN for all directions; code is generated when a direction first runs."""
        s = self.spec
        self.x, self.y = layout(s.x), layout(s.y)
        w, b, x, y = self.any_weights, self.bias, self.x, self.y
        end = [
            max(0, (out - 1) * step + (side - 1) * dilation + 1 - size - pad)
            for out, step, side, dilation, size, pad in zip(
                s.y[2:], s.stride, s.w[2:], s.dilation, s.x[2:], s.pad, strict=True)
        ]
        # oneDNN counts the gaps between the cells of the kernel
        window = (dims(s.stride), dims([d - 1 for d in s.dilation]), dims(s.pad), dims(end))
        choose = self.runtime.choose
        self._forward = choose("convolution_forward", api.TRAINING, api.DIRECT, x, w, b, y,
                               *window)
        self._data = choose("convolution_backward_data", api.DIRECT, x, w, y, *window,
                            self._forward)
        self._weights = choose("convolution_backward_weights", api.DIRECT, x, w, b, y, *window,
                               self._forward)

    @property
    def detail(self) -> str:
        """The implementation of each direction, and the orders of activations and weights."""
        return f"{self.x} " + ", ".join(
            f"{name} {chosen.implementation} {chosen.layout(argument)}"
            for name, chosen, argument in (
                ("forward", self._forward, api.WEIGHTS),
                ("data", self._data, api.WEIGHTS),
                ("weights", self._weights, api.DIFF_WEIGHTS),
            )
        )

    # Made when first needed: nobody asks the first convolution of a net for its data gradient.

    @cached_property
    def _forward_call(self) -> tuple[_Packed, Call]:
        packed = self._forward.layout(api.WEIGHTS)
        arguments = [(api.SRC, self.x), (api.WEIGHTS, packed), (api.DST, self.y)]
        if self.bias:
            arguments.append((api.BIAS, self.bias))
        return _Packed(self.runtime, self.caffe_weights, packed), self._forward.call(*arguments)

    @cached_property
    def _data_call(self) -> tuple[_Packed, Call]:
        packed = self._data.layout(api.WEIGHTS)
        call = self._data.call((api.DIFF_DST, self.y), (api.WEIGHTS, packed),
                               (api.DIFF_SRC, self.x))
        return _Packed(self.runtime, self.caffe_weights, packed), call

    @cached_property
    def _weights_call(self) -> Call:
        arguments = [(api.SRC, self.x), (api.DIFF_DST, self.y),
                     (api.DIFF_WEIGHTS, self._weights.layout(api.DIFF_WEIGHTS))]
        if self.bias:
            arguments.append((api.DIFF_BIAS, self.bias))
        return self._weights.call(*arguments)

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        packed, call = self._forward_call
        arrays = [x.read(self.place), packed.read(w), y.overwrite(self.place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        call(*arrays)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        packed, call = self._data_call
        call(dy.read(self.place), packed.read(w), dx.overwrite(self.place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        call = self._weights_call
        target = self._gradient.target(dw)
        arrays = [x.read(self.place), dy.read(self.place), target]
        if self.bias:
            aside = self._bias_aside
            dbs, add = db.accumulate(Place.HOST) if db is not None else (aside, False)
            arrays.append(aside if add else dbs)
        call(*arrays)
        if self.bias and add:
            dbs += aside
        self._gradient.deliver()


class _Packed:
    """The weights in the order that one direction wants."""

    def __init__(self, runtime: Runtime, caffe: Layout, wanted: Layout) -> None:
        self.reorder: Call | None = None
        if caffe != wanted:
            self.reorder = runtime.reorder(caffe, wanted)
            self.buffer = api.empty_bytes(wanted.nbytes)
        self.memory: SyncedMemory | None = None
        self.version = -1

    def read(self, w: Tensor) -> Array:
        array: Array = w.read(Place.HOST)
        if self.reorder is None:
            return array
        if w.memory is not self.memory or w.memory.version != self.version:
            self.reorder(array, self.buffer)
            self.memory = w.memory
            self.version = w.memory.version
        return self.buffer


class _Gradient:
    """Where oneDNN puts the gradient of the weights, and how it gets into the parameter's."""

    def __init__(
        self, runtime: Runtime, caffe: Layout, wanted: Layout, shape: Sequence[int]
    ) -> None:
        self.direct = caffe == wanted
        self.layouts = (wanted, caffe)
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
        """What the primitive is to write into, now; ``deliver`` follows."""
        if dw is None:
            return self.buffer
        array, add = dw.accumulate(Place.HOST)
        if self.direct and not add:
            return array
        self.pending = (array, add)
        return self.buffer

    def deliver(self) -> None:
        """Bring what the primitive wrote to where it belongs."""
        if self.pending is None:
            return
        array, add = self.pending
        self.pending = None
        if not self.direct:
            self.reorder(self.buffer, self.aside if add else array)
        if add:
            array += self.aside
