"""Inner product of 8 bits, for nets in use."""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.common import STORED, runtime_of
from caffepy.kernels.onednn.int8 import ForUse, Products, required
from caffepy.kernels.onednn.runtime import Chosen
from caffepy.kernels.operations.inner_product import InnerProductKernel, InnerProductSpec
from caffepy.kernels.table import implements

PER_COLUMN = 2  # mask of the weights as a (K, N) factor


@implements("m", "k", "n", "transpose", "bias", "training", "quantized")
class InnerProductInt8(ForUse, InnerProductKernel):
    """See int8.py."""

    engine = "onednn"

    @classmethod
    def serves(cls, spec: InnerProductSpec) -> bool:
        """Whether the inputs are to be rounded."""
        return spec.quantized is not None and not spec.training

    def __init__(self, spec: InnerProductSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        m, k, n = spec.m, spec.k, spec.n
        runtime = runtime_of(self, (m, k, n), types=STORED)
        quantized = required(self, spec.quantized)
        x, y = runtime.plain((m, k), quantized.dtype), runtime.plain((m, n), spec.dtype)
        bias = runtime.plain((1, n)) if spec.bias else None

        def choose(packed: Layout | None = None, post_ops: Any = ()) -> Chosen:
            return runtime.choose("matmul", x, packed or runtime.any((k, n), "int8"), bias, y,
                                  post_ops=post_ops, scales={api.SRC: 0, api.WEIGHTS: PER_COLUMN})

        self._products = Products(
            runtime, quantized, choose, runtime.plain((m, k), spec.dtype), x, y,
            runtime.strided((k, n), (1, k), "int8"), n, Place.HOST.holding(spec.dtype), bias)

    @property
    def detail(self) -> str:
        return f"8 bits, {self._products.detail}"

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._products.run(x, w, b, y, outputs_last=self.spec.transpose)
