"""Inner product of activations in bfloat16: oneDNN's matrix products, which sum in float32.

While a net trains, its weights change with every step, and lie in bfloat16 as they lie in float32:
packing them would cost more than it saves. A net in use packs them once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from caffepy.core.memory import Array, Place, Tensor, bfloat16
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.onednn.direct import Packed
from caffepy.kernels.onednn.inner_product import MANY_WEIGHTS, InnerProduct
from caffepy.kernels.onednn.runtime import Call
from caffepy.kernels.operations.inner_product import InnerProductKernel, InnerProductSpec
from caffepy.kernels.table import implements

# Items up to which the weights' own way through memory is what counts: of 10 x 9216 x 4096 a step
# takes 39 ms in float32 and 69 in bfloat16, 11 of them to round the weights; the gradient of the
# weights of 64 x 800 x 500 0.35 ms and 0.51.
FEW = 48
FEW_FOR_GRADIENT = 128


@implements("m", "k", "n", "transpose", "bias", "training")
class InnerProductHalf(InnerProductKernel):
    """y = x w^T + b."""

    engine = "onednn"

    @classmethod
    def serves(cls, spec: InnerProductSpec) -> bool:
        """Whether activations are bfloat16."""
        return spec.dtype == "bfloat16"

    def __init__(self, spec: InnerProductSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime = runtime_of(self, (spec.m, spec.k, spec.n), types=(spec.dtype,))
        m, k, n = spec.m, spec.k, spec.n
        if spec.training and m <= FEW and n * k >= MANY_WEIGHTS:
            raise Unsupported("many weights that change are used in float32 as soon as rounded")
        self.place = Place.HOST.holding(spec.dtype)
        self.x, self.y = runtime.plain((m, k), spec.dtype), runtime.plain((m, n), spec.dtype)
        self.line = runtime.plain((1, n))
        # the weights as a factor of x, (K, N), and of dy, (N, K)
        self.rows = (n, 1) if spec.transpose else (1, k)
        self.w = runtime.strided((k, n), self.rows, spec.dtype)
        self.turned = runtime.strided((n, k), self.rows[::-1], spec.dtype)
        factor = self.w if spec.training else runtime.any((k, n), spec.dtype)
        self._chosen = runtime.choose("matmul", self.x, factor, self.line if spec.bias else None,
                                      self.y)

    @property
    def detail(self) -> str:
        return f"{self._chosen.implementation} {self._chosen.layout(api.WEIGHTS)}"

    # Made when first needed: nets in use have no backward.

    @cached_property
    def _forward(self) -> Call:
        arguments = [(api.SRC, self.x), (api.WEIGHTS, self._chosen.layout(api.WEIGHTS)),
                     (api.DST, self.y)]
        if self.spec.bias:
            arguments.append((api.BIAS, self.line))
        return self._chosen.call(*arguments)

    @cached_property
    def _packed(self) -> Packed:
        caffe = self.runtime.strided((self.spec.k, self.spec.n), self.rows)
        return Packed(self.runtime, caffe, self._chosen.layout(api.WEIGHTS))

    @cached_property
    def _data(self) -> Call:
        return self._product(self.y, self.turned, self.x)

    @cached_property
    def _weights(self) -> dict[bool, Call]:
        """By whether it adds. dw (N, K) = dy^T x, or (K, N) = x^T dy where it lies so."""
        s, strided = self.spec, self.runtime.strided
        if s.transpose:
            a, b, size = strided((s.k, s.m), (1, s.k), s.dtype), self.y, (s.k, s.n)
        else:
            a, b, size = strided((s.n, s.m), (1, s.n), s.dtype), self.x, (s.n, s.k)
        return {add: self._product(a, b, self.runtime.plain(size), add) for add in (False, True)}

    @cached_property
    def _sums(self) -> tuple[dict[bool, Call], Array]:
        """db (1, N) = ones (1, M) dy."""
        ones = self.runtime.plain((1, self.spec.m), self.spec.dtype)
        return ({add: self._product(ones, self.y, self.line, add) for add in (False, True)},
                bfloat16.rounded(np.ones(self.spec.m)))

    def _product(self, a: Layout, b: Layout, c: Layout, add: bool = False) -> Call:
        chosen = self.runtime.choose("matmul", a, b, None, c,
                                     post_ops=[("sum", 1.0)] if add else [])
        return chosen.call((api.SRC, a), (api.WEIGHTS, b), (api.DST, c))

    @cached_property
    def _whole(self) -> InnerProduct:
        """The same in float32."""
        return InnerProduct(replace(self.spec, dtype="float32"), self.owner)

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        factor = w.read(self.place) if self.spec.training else self._packed.read(w)
        arrays = [x.read(self.place), factor, y.overwrite(self.place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        self._forward(*arrays)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        self._data(dy.read(self.place), w.read(self.place), dx.overwrite(self.place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        if self.spec.m <= FEW_FOR_GRADIENT:
            self._whole.backward_weights(x, dy, dw, db)
            return
        dys = dy.read(self.place)
        if dw is not None:
            xs, (dws, add) = x.read(self.place), dw.accumulate(Place.HOST)
            factors = (xs, dys) if self.spec.transpose else (dys, xs)
            self._weights[add](*factors, dws)
        if db is not None:
            calls, ones = self._sums
            dbs, add = db.accumulate(Place.HOST)
            calls[add](ones, dys, dbs)
