"""Update rules as an engine of the CPU may have kernels for them, over flat arrays.

Their plain form, which every engine's numbers are compared with, are the rules of
``caffepy.solvers`` themselves: so the reference engine has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from caffepy.core.memory import Array
from caffepy.kernels.contract import Kernel, Spec


class Constants(NamedTuple):
    """The numbers of a rule that stay from step to step, in the order of all kernels.

    ``second`` is the decay of a running mean that ``momentum`` is not the decay of.
    """

    momentum: float = 0.0
    second: float = 0.0
    delta: float = 0.0


@dataclass(frozen=True)
class UpdateSpec(Spec):
    """An update of ``count`` weights.

    ``rule`` is its Rule.kernel; ``decays`` says whether there is an L2 decay, joined or decoupled;
    ``bounded``, whether each gradient is held to a bound.
    """

    rule: str
    count: int
    constants: Constants
    decays: bool
    dtype: str = "float32"
    bounded: bool = False


class UpdateKernel(Kernel):
    spec: UpdateSpec

    def step(self, w: Array, g: Array, history: Sequence[Array], scale: float, decay: float,
             rate: float, bound: float = 0.0) -> None:
        """Renew weights and histories by the rule, of gradients scale g + decay w. They stay.

        Of a rule with decoupled decay the gradients are scale g, and weights lose decay w. Bounded
        ones have max(-bound, min(g, bound)) for g.
        """
        raise NotImplementedError
