"""Nesterov: the gradient as seen from where the momentum is about to lead.

    h' = momentum * h + rate * g
    w -= (1 + momentum) * h' - momentum * h

Y. Nesterov, "A Method of Solving a Convex Programming Problem with Convergence Rate O(1/sqrt(k))",
Soviet Mathematics Doklady, 1983; in the form of I. Sutskever et al., "On the importance of
initialization and momentum in deep learning", ICML 2013.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Rule, rule


@rule("Nesterov")
class Nesterov(Rule):
    kernel = "nesterov"

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (h,) = self.xp, history
        xp.multiply(h, self.momentum, out=t)
        xp.multiply(g, rate, out=g)
        xp.add(t, g, out=h)
        xp.multiply(h, 1 + self.momentum, out=g)
        xp.subtract(g, t, out=g)
