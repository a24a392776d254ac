"""Sum, product or maximum of several tensors, element by element."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.operations.eltwise import EltwiseKernel
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("operation", "shape", "coeff", "training")
class Eltwise(EltwiseKernel):
    """y = sum of coeff_i x_i, product of x_i, or max of x_i."""

    engine = "reference"
    leaves = False  # backward finds the winners of a maximum again

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        xp, place = self.owner.xp, follow(self, xs[0])
        arrays = [x.read(place) for x in xs]
        ys = y.overwrite(place)
        if self.spec.operation == "prod":
            xp.multiply(arrays[0], arrays[1], out=ys)
            for array in arrays[2:]:
                ys *= array
        elif self.spec.operation == "max":
            second = ~(arrays[0] > arrays[1])  # see _winner; before y may overwrite the first
            xp.copyto(ys, arrays[0])
            xp.copyto(ys, arrays[1], where=second)
            for array in arrays[2:]:
                xp.copyto(ys, array, where=array > ys)
        else:
            terms = [array if coeff == 1 else coeff * array
                     for array, coeff in zip(arrays, self.spec.coeff, strict=True)]
            xp.add(terms[0], terms[1], out=ys)  # y may lie where either does
            for term in terms[2:]:
                ys += term

    def backward(
        self, index: int, xs: list[Tensor], y: Tensor, dy: Tensor, dx: Tensor
    ) -> None:
        xp, place = self.owner.xp, follow(self, dy)
        dys = dy.read(place)
        if self.spec.operation == "sum":
            xp.multiply(dys, self.spec.coeff[index], out=dx.overwrite(place))
            return
        arrays = [x.read(place) for x in xs]
        dxs = dx.overwrite(place)
        if self.spec.operation == "prod":
            xp.copyto(dxs, dys)
            for other, array in enumerate(arrays):
                if other != index:
                    dxs *= array
        else:
            xp.multiply(dys, self._winner(arrays) == index, out=dxs)

    def _winner(self, arrays: list[Array]) -> Array:
        """Which bottom is the largest; of equals the second before the first, as in the original,
        and otherwise the earlier one."""
        xp = self.owner.xp
        first = arrays[0] > arrays[1]
        best = xp.where(first, arrays[0], arrays[1])
        winner = xp.where(first, 0, 1)
        for index, array in enumerate(arrays[2:], start=2):
            better = array > best
            xp.copyto(best, array, where=better)
            xp.copyto(winner, index, where=better)
        return winner
