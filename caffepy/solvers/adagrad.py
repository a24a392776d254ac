"""AdaGrad: rates that shrink with the squares of all gradients so far.

    h += g^2
    w -= rate * g / (sqrt(h) + delta)

J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
Optimization", JMLR 2011.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Constant, Rule, rule


@rule("AdaGrad")
class AdaGrad(Rule):
    kernel = "adagrad"
    delta = Constant()

    def check(self) -> None:
        self.refuse_momentum()

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (h,) = self.xp, history
        xp.multiply(g, g, out=t)
        xp.add(h, t, out=h)
        xp.sqrt(h, out=t)
        xp.add(t, self.delta, out=t)
        xp.divide(g, t, out=g)
        xp.multiply(g, rate, out=g)
