"""The cross-entropy of probabilities and labels."""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Array, Shape, Tensor
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class SoftmaxLossSpec(Spec):
    """The sum of -log p[label] over all positions, by ``divisor``, for p = softmax of scores.

    shape: of the scores and of p; along ``axis`` lie the classes of one position.
    ignore_label: positions of this label do not count.
    weights: what positions of each class count, beside the divisor; None: 1.
    divisor: None divides by the number of positions that count, or by 1 if none does.
    """

    shape: Shape
    axis: int
    ignore_label: int | None = None
    divisor: float | None = None
    weights: tuple[float, ...] | None = None
    dtype: str = "float32"


class SoftmaxLossKernel(Kernel):
    """A label that is no class is a BadValue of ``forward``. A device that is asked to run on
    without looking complains later: see Device.check."""

    spec: SoftmaxLossSpec
    leaves = True

    def forward(self, p: Tensor, labels: Tensor, loss: Tensor) -> None:
        """The loss from p, which is taken to be at least FLT_MIN, and one label a position."""
        raise NotImplementedError

    def backward(self, p: Tensor, labels: Tensor, dx: Tensor, weight: float | Array) -> None:
        """The scores' gradient: (p - 1 at the label) * weight / the divisor of the last
        forward; 0 where the label does not count. On a GPU the weight is an array there."""
        raise NotImplementedError
