"""Inner product: three matrix products by cuBLAS, which adds and transposes by itself.

Activations of more than two axes are read in C order, so that one that lies channels-last is
reordered: it is small, the weights are large.

In half precision x, w and y are stored so; the gradients of the parameters are summed in float32.
"""

from __future__ import annotations

from functools import cached_property

from caffepy.core.memory import Array, Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.cuda import cublas
from caffepy.kernels.cuda.common import FLOAT
from caffepy.kernels.cuda.rewrite import rewrite
from caffepy.kernels.operations.inner_product import InnerProductKernel, InnerProductSpec
from caffepy.kernels.table import implements

TOO_LARGE = 2**31  # cuBLAS counts rows and columns in 32 bits


@implements("m", "k", "n", "transpose", "bias", "training")
class InnerProduct(InnerProductKernel):
    """y = x w^T + b."""

    engine = "cuda"

    def __init__(self, spec: InnerProductSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.dtype not in cublas.DATA_TYPES:
            raise Unsupported(f"the cuBLAS inner product takes {', '.join(cublas.DATA_TYPES)}")
        if not all(0 < side < TOO_LARGE for side in (spec.m, spec.k, spec.n)):
            raise Unsupported("cuBLAS takes sides from 1 to 2^31 - 1")
        self.device = owner.device  # type: ignore[attr-defined]
        self.cublas: cublas.Handle = self.device.cublas
        self.place = Place.DEVICE.holding(spec.dtype)
        self.tf32 = owner.settings.tf32

    @property
    def detail(self) -> str:
        if self.place.half:
            return f"cublasGemmEx, {self.place.half}"
        return "cublasGemmEx, TF32" if self.tf32 else "cublasGemmEx"

    @cached_property
    def _ones(self) -> Array:
        ones = self.device.xp.empty(self.spec.m, self.place.dtype(FLOAT))
        rewrite(self.device, self.device.xp.ones(self.spec.m, FLOAT), ones)
        return ones

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        s, place = self.spec, self.place
        ys = y.overwrite(place)
        if b is not None:  # the product is added to it
            ys.reshape(s.m, s.n)[...] = b.read(place).reshape(s.n)
        # (M, N) = (M, K) (K, N)
        self.cublas.gemm(False, not s.transpose, s.m, s.n, s.k,
                         x.read(place), w.read(place), ys, b is not None, s.dtype, tf32=self.tf32)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        s, place = self.spec, self.place
        # (M, K) = (M, N) (N, K)
        self.cublas.gemm(False, s.transpose, s.m, s.k, s.n,
                         dy.read(place), w.read(place), dx.overwrite(place), False, s.dtype,
                         tf32=self.tf32)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        s = self.spec
        types, dys = (s.dtype, "float32"), dy.read(self.place)
        if dw is not None:
            xs, (dws, add) = x.read(self.place), dw.accumulate(Place.DEVICE)
            if s.transpose:  # (K, N) = (K, M) (M, N)
                self.cublas.gemm(True, False, s.k, s.n, s.m, xs, dys, dws, add, *types,
                                 tf32=self.tf32)
            else:  # (N, K) = (N, M) (M, K)
                self.cublas.gemm(True, False, s.n, s.k, s.m, dys, xs, dws, add, *types,
                                 tf32=self.tf32)
        if db is not None:
            dbs, add = db.accumulate(Place.DEVICE)
            if self.place.half:  # (1, N) = (1, M) (M, N): cuBLAS has no such sum of mixed types
                self.cublas.gemm(False, False, 1, s.n, s.m, self._ones, dys, dbs, add, *types)
            else:
                self.cublas.sum_rows(s.m, s.n, dys, self._ones, dbs, add)
