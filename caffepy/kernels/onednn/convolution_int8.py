"""Convolution of 8 bits over two spatial axes, channels-last, for nets in use."""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.common import STORED, runtime_of
from caffepy.kernels.onednn.direct import grouped, window
from caffepy.kernels.onednn.ending import RELU
from caffepy.kernels.onednn.int8 import ForUse, Products, required
from caffepy.kernels.onednn.runtime import Chosen
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.table import implements

PER_OUTPUT, PER_GROUP_AND_OUTPUT = 1, 3  # masks of the weights' first axes


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "training", "quantized")
class ConvolutionInt8(ForUse, ConvolutionKernel):
    """See int8.py."""

    engine = "onednn"
    fuses_relu = True

    @classmethod
    def serves(cls, spec: ConvolutionSpec) -> bool:
        """Whether the inputs are to be rounded."""
        return spec.quantized is not None and not spec.training

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("oneDNN convolutions are planned for two spatial axes")
        runtime = runtime_of(self, spec.x, spec.w, spec.y, types=STORED)
        quantized = required(self, spec.quantized)
        x, y = runtime.last(spec.x, quantized.dtype), runtime.last(spec.y, spec.dtype)
        bias = runtime.plain((spec.w[0],)) if spec.bias else None
        weights = runtime.any(grouped(spec), "int8")
        mask = PER_OUTPUT if spec.group == 1 else PER_GROUP_AND_OUTPUT

        def choose(packed: Layout | None = None, post_ops: Any = ()) -> Chosen:
            return runtime.choose(
                "convolution_forward", api.INFERENCE, api.DIRECT, x, packed or weights, bias, y,
                *window(spec), post_ops=post_ops, scales={api.SRC: 0, api.WEIGHTS: mask})

        self._products = Products(
            runtime, quantized, choose, runtime.last(spec.x, spec.dtype), x, y,
            runtime.plain(grouped(spec), "int8"), spec.w[0], Place.HOST_LAST.holding(spec.dtype),
            bias)
        self._products.choose(RELU)  # it must be fast, too

    @property
    def detail(self) -> str:
        return f"8 bits, forward acdb {self._products.detail}"

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._products.run(x, w, b, y)

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._products.run(x, w, b, y, relu=True)

    @property
    def fuses_sum(self) -> bool:
        return self._products.adds

    def forward_sum(
        self, x: Tensor, w: Tensor, b: Tensor | None, added: Tensor, y: Tensor, relu: bool
    ) -> None:
        if self.fuses_sum:
            self._products.run(x, w, b, y, relu=relu, added=added)
        else:
            super().forward_sum(x, w, b, added, y, relu)
