"""Inner product: three matrix products by oneDNN's sgemm, which adds and transposes by itself.

Activations of more than two axes are read in C order, so that one that lies channels-last is
reordered: it is small, the weights are large.

Of small batches the transpose is computed, y^T = w x^T: sgemm copies its right factor before it
multiplies, and then that is x, not the weights (1.3 to 2.7 times as fast for 4096 x 9216).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn.api import Address, Array
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.operations.inner_product import InnerProductKernel, InnerProductSpec
from caffepy.kernels.table import implements

SMALL_BATCH = range(8, 49)
MANY_WEIGHTS = 2**20


@implements("m", "k", "n", "transpose", "bias", "training")
class InnerProduct(InnerProductKernel):
    """y = x w^T + b."""

    engine = "onednn"

    def __init__(self, spec: InnerProductSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.runtime = runtime_of(self, (spec.m, spec.k, spec.n))
        self.w_row = spec.n if spec.transpose else spec.k  # the length of a row as it is stored
        self.x, self.w, self.y = Address(), Address(), Address()
        self.dx, self.dw, self.dy = Address(), Address(), Address()
        self.turned = (spec.m in SMALL_BATCH and spec.n * spec.k >= MANY_WEIGHTS
                       and not spec.transpose)

    @property
    def detail(self) -> str:
        return "sgemm, forward turned" if self.turned else "sgemm"

    @cached_property
    def _columns(self) -> np.ndarray:
        """Room for y^T."""
        return np.empty((self.spec.n, self.spec.m), np.float32)

    @cached_property
    def _aside(self) -> np.ndarray:
        """The gradient of the bias, before it is added."""
        return np.empty(self.spec.n, np.float32)

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        s = self.spec
        ys = y.overwrite(Place.HOST)
        if self.turned:
            # (N, M) = (N, K) (K, M)
            self._gemm(b"N", b"T", s.n, s.m, s.k, self.w, w.read(Place.HOST), s.k,
                       self.x, x.read(Place.HOST), s.k, self.y, self._columns, False)
            bias = b.read(Place.HOST).reshape(s.n) if b is not None else 0
            self.runtime.also(np.add, self._columns.T, bias, out=ys.reshape(s.m, s.n))
            return
        if b is not None:  # the product is added to it
            self.runtime.also(np.copyto, ys.reshape(s.m, s.n), b.read(Place.HOST).reshape(s.n))
        # (M, N) = (M, K) (K, N)
        self._gemm(b"N", b"N" if s.transpose else b"T", s.m, s.n, s.k, self.x,
                   x.read(Place.HOST), s.k, self.w, w.read(Place.HOST), self.w_row,
                   self.y, ys, b is not None)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        s = self.spec
        # (M, K) = (M, N) (N, K)
        self._gemm(b"N", b"T" if s.transpose else b"N", s.m, s.k, s.n,
                   self.dy, dy.read(Place.HOST), s.n, self.w, w.read(Place.HOST), self.w_row,
                   self.dx, dx.overwrite(Place.HOST), False)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        s = self.spec
        dys = dy.read(Place.HOST)
        if dw is not None:
            xs, (dws, add) = x.read(Place.HOST), dw.accumulate(Place.HOST)
            if s.transpose:  # (K, N) = (K, M) (M, N)
                self._gemm(b"T", b"N", s.k, s.n, s.m, self.x, xs, s.k, self.dy, dys, s.n,
                           self.dw, dws, add)
            else:  # (N, K) = (N, M) (M, K)
                self._gemm(b"T", b"N", s.n, s.k, s.m, self.dy, dys, s.n, self.x, xs, s.k,
                           self.dw, dws, add)
        if db is not None:
            dbs, add = db.accumulate(Place.HOST)
            rows, sums = dys.reshape(s.m, s.n), dbs.reshape(s.n)
            also = self.runtime.also
            also(np.add.reduce, rows, axis=0, out=self._aside if add else sums)
            if add:
                also(np.add, sums, self._aside, out=sums)

    def _gemm(self, turn_a: bytes, turn_b: bytes, m: int, n: int, k: int,
              at_a: Address, a: Array, a_row: int, at_b: Address, b: Array, b_row: int,
              at_c: Address, c: Array, add: bool) -> None:
        """c (m, n) = a (m, k) b (k, n), or += if ``add``; rows first."""
        self.runtime.product(turn_a, turn_b, m, n, k, 1.0, at_a.of(a), a_row, at_b.of(b), b_row,
                             1.0 if add else 0.0, at_c.of(c), n, of=(a, b, c))
