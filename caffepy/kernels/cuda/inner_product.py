"""Inner product: three matrix products by cuBLAS, which adds and transposes by itself.

Activations of more than two axes are read in C order, so that one that lies channels-last is
reordered: it is small, the weights are large.
"""

from __future__ import annotations

from functools import cached_property

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.base import Engine, InnerProductKernel, InnerProductSpec, Unsupported
from caffepy.kernels.cuda import cublas

PLACE = Place.DEVICE
TOO_LARGE = 2**31  # cuBLAS counts rows and columns in 32 bits


class InnerProduct(InnerProductKernel):
    """y = x w^T + b."""

    engine = "cuda"

    def __init__(self, spec: InnerProductSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.dtype != "float32":
            raise Unsupported("the cuBLAS inner product computes in float32 only")
        if not all(0 < side < TOO_LARGE for side in (spec.m, spec.k, spec.n)):
            raise Unsupported("cuBLAS takes sides from 1 to 2^31 - 1")
        self.device = owner.device  # type: ignore[attr-defined]
        self.cublas: cublas.Handle = self.device.cublas

    @property
    def detail(self) -> str:
        tf32 = self.cublas.compute == cublas.COMPUTE_32F_FAST_TF32
        return "cublasGemmEx, TF32" if tf32 else "cublasGemmEx"

    @cached_property
    def _ones(self) -> Array:
        return self.device.xp.ones(self.spec.m, "float32")

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        s = self.spec
        ys = y.overwrite(PLACE)
        if b is not None:  # the product is added to it
            ys.reshape(s.m, s.n)[...] = b.read(PLACE).reshape(s.n)
        # (M, N) = (M, K) (K, N)
        self.cublas.gemm(False, not s.transpose, s.m, s.n, s.k,
                         x.read(PLACE), w.read(PLACE), ys, b is not None)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        s = self.spec
        # (M, K) = (M, N) (N, K)
        self.cublas.gemm(False, s.transpose, s.m, s.k, s.n,
                         dy.read(PLACE), w.read(PLACE), dx.overwrite(PLACE), False)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        s = self.spec
        dys = dy.read(PLACE)
        if dw is not None:
            xs, (dws, add) = x.read(PLACE), dw.accumulate(PLACE)
            if s.transpose:  # (K, N) = (K, M) (M, N)
                self.cublas.gemm(True, False, s.k, s.n, s.m, xs, dys, dws, add)
            else:  # (N, K) = (N, M) (M, K)
                self.cublas.gemm(True, False, s.n, s.k, s.m, dys, xs, dws, add)
        if db is not None:
            dbs, add = db.accumulate(PLACE)
            self.cublas.sum_rows(s.m, s.n, dys, self._ones, dbs, add)
