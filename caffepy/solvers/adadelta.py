"""AdaDelta: steps as large as the steps before them, relative to the gradients.

    h1 = momentum * h1 + (1 - momentum) * g^2
    u  = g * sqrt((h2 + delta) / (h1 + delta))
    h2 = momentum * h2 + (1 - momentum) * u^2
    w -= rate * u

M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, where momentum is called rho.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Constant, Rule, rule


@rule("AdaDelta")
class AdaDelta(Rule):
    histories = 2
    kernel = "adadelta"
    delta = Constant()

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (gradients, updates) = self.xp, history
        self._average(gradients, g, t)
        xp.add(gradients, self.delta, out=t)
        # (h2 + delta) / (h1 + delta), with the one spare array there is
        xp.divide(g, xp.sqrt(t, out=t), out=g)
        xp.add(updates, self.delta, out=t)
        xp.multiply(g, xp.sqrt(t, out=t), out=g)
        self._average(updates, g, t)
        xp.multiply(g, rate, out=g)

    def _average(self, h: Array, x: Array, t: Array) -> None:
        """h = momentum * h + (1 - momentum) * x^2."""
        xp = self.xp
        xp.multiply(x, x, out=t)
        xp.multiply(t, 1 - self.momentum, out=t)
        xp.multiply(h, self.momentum, out=h)
        xp.add(h, t, out=h)
