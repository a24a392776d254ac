"""SGD: stochastic gradient descent with momentum.

    h = momentum * h + rate * g
    w -= h

The rate is inside the history, so a lower rate brakes the momentum gathered before it.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Rule, rule


@rule("SGD")
class SGD(Rule):
    kernel = "sgd"

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (h,) = self.xp, history
        xp.multiply(h, self.momentum, out=h)
        xp.multiply(g, rate, out=g)
        xp.add(g, h, out=g)
        xp.copyto(h, g)
