"""Inner product: one GEMM each way."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.eight_bits import as_inputs, as_weights
from caffepy.kernels.operations.inner_product import InnerProductKernel
from caffepy.kernels.table import implements


@implements("m", "k", "n", "transpose", "bias", "training", "quantized")
class InnerProduct(InnerProductKernel):
    """y = x w^T + b."""

    engine = "reference"
    detail = "GEMM"

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        s, xp, place = self.spec, self.owner.xp, self.owner.place
        xs = as_inputs(x.read(place), s.quantized).reshape(s.m, s.k)
        ws = as_weights(self._weights(w), s.quantized)
        ys = y.overwrite(place).reshape(s.m, s.n)
        # (n, m) = (n, k) @ (k, m): with the large matrix first, BLAS is about 15 % faster
        ys[...] = xp.matmul(ws, xs.T).T
        if b is not None:
            ys += b.read(place)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        s, xp, place = self.spec, self.owner.xp, self.owner.place
        dys, ws = dy.read(place).reshape(s.m, s.n), self._weights(w)
        # (m, k) = (m, n) @ (n, k)
        xp.matmul(dys, ws, out=dx.overwrite(place).reshape(s.m, s.k))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        s, xp, place = self.spec, self.owner.xp, self.owner.place
        dys = dy.read(place).reshape(s.m, s.n)
        if dw is not None:
            xs = x.read(place).reshape(s.m, s.k)
            left, right = (xs, dys) if s.transpose else (dys, xs)
            total, add = dw.accumulate(place)
            total = total.reshape(left.shape[1], right.shape[1])
            if add:
                total += xp.matmul(left.T, right)
            else:
                xp.matmul(left.T, right, out=total)  # (n, k) = (n, m) @ (m, k)
        if db is not None:
            total, add = db.accumulate(place)
            bias = dys.sum(axis=0).reshape(total.shape)
            total[...] = total + bias if add else bias

    def _weights(self, w: Tensor) -> Array:
        """(n, k), whichever way they are stored."""
        s, ws = self.spec, w.read(self.owner.place)
        return ws.reshape(s.k, s.n).T if s.transpose else ws.reshape(s.n, s.k)
