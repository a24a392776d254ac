"""Convolution over two spatial axes, grouped, strided and dilated, channels-last.

The weights stay in Caffe's order. Each direction may want them in another order of oneDNN's: it
keeps a copy of its own, renewed when the version of the weights says that they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.base import ConvolutionKernel, ConvolutionSpec, Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.common import first_fast, runtime_of
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.onednn.weight_gradient import gradient_of


class Convolution(ConvolutionKernel):
    """By the direct algorithm (Winograd's rounds differently)."""

    engine = "onednn"
    fuses_relu = True

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
        self._gradient = gradient_of(runtime, spec, self.place, self._weights, self.x, self.y)

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
        self._forward_relu = choose("convolution_forward", api.TRAINING, api.DIRECT, x,
                                    self._forward.layout(api.WEIGHTS), b, y, *window,
                                    post_ops=[("eltwise", api.RELU, 0.0, 0.0)])
        self._data = choose("convolution_backward_data", api.DIRECT, x, w, y, *window,
                            self._forward)
        self._weights = choose("convolution_backward_weights", api.DIRECT, x, w, b, y, *window,
                               self._forward)

    @property
    def detail(self) -> str:
        """The implementation of each direction, and the orders of activations and weights."""
        return f"{self.x} " + ", ".join(
            f"{name} {chosen.implementation} {chosen.layout(api.WEIGHTS)}"
            for name, chosen in (("forward", self._forward), ("data", self._data))
        ) + f", weights {self._gradient.detail}"

    # Made when first needed: nobody asks the first convolution of a net for its data gradient.

    @cached_property
    def _forward_weights(self) -> _Packed:
        return _Packed(self.runtime, self.caffe_weights, self._forward.layout(api.WEIGHTS))

    @cached_property
    def _forward_call(self) -> Call:
        return self._call(self._forward)

    @cached_property
    def _forward_relu_call(self) -> Call:
        return self._call(self._forward_relu)

    def _call(self, chosen: Chosen) -> Call:
        arguments = [(api.SRC, self.x), (api.WEIGHTS, self._forward.layout(api.WEIGHTS)),
                     (api.DST, self.y)]
        if self.bias:
            arguments.append((api.BIAS, self.bias))
        return chosen.call(*arguments)

    @cached_property
    def _data_call(self) -> tuple[_Packed, Call]:
        packed = self._data.layout(api.WEIGHTS)
        call = self._data.call((api.DIFF_DST, self.y), (api.WEIGHTS, packed),
                               (api.DIFF_SRC, self.x))
        return _Packed(self.runtime, self.caffe_weights, packed), call

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._run(self._forward_call, x, w, b, y)

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._run(self._forward_relu_call, x, w, b, y)

    def _run(self, call: Call, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        arrays = [x.read(self.place), self._forward_weights.read(w), y.overwrite(self.place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        call(*arrays)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        packed, call = self._data_call
        call(dy.read(self.place), packed.read(w), dx.overwrite(self.place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        self._gradient.add(x, dy, dw, db)


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
