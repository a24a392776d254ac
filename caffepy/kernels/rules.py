"""Update rules that an engine may have a kernel for, over flat arrays on the host.

Their plain form, which all engines' numbers are compared with, are the rules of ``caffepy.solvers``
themselves: so the reference engine has none of these.
"""

from __future__ import annotations

from dataclasses import dataclass

from caffepy.core.memory import Array
from caffepy.kernels.contract import Kernel, Spec


@dataclass(frozen=True)
class SGDSpec(Spec):
    """h = momentum h + rate (scale g + decay w), then w -= h, for ``count`` weights.

    ``decays``: whether there is a decay.
    """

    count: int
    momentum: float
    decays: bool
    dtype: str = "float32"


class SGDKernel(Kernel):
    spec: SGDSpec

    def step(self, w: Array, g: Array, h: Array, scale: float, decay: float, rate: float) -> None:
        """Renew weights and history; gradients stay what they are."""
        raise NotImplementedError


CONTRACTS: dict[type[Spec], type[Kernel]] = {SGDSpec: SGDKernel}
