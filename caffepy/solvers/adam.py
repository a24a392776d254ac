"""Adam: running mean of the gradients over the root of the running mean of their squares.

    m = momentum * m + (1 - momentum) * g
    v = momentum2 * v + (1 - momentum2) * g^2
    w -= rate * sqrt(1 - momentum2^k) / (1 - momentum^k) * m / (sqrt(v) + delta)

k counts iterations from 1. D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
ICLR 2015, in the form that corrects the rate instead of m and v. With ``amsgrad: true`` the largest
v so far, the third history, takes the place of v in the last line: S. Reddi et al., "On the
Convergence of Adam and Beyond", ICLR 2018.
"""

from __future__ import annotations

import math

from caffepy.solvers.rule import Array, Constant, Rule, rule


@rule("Adam")
class Adam(Rule):
    histories = 2
    kernel = "adam"
    momentum2 = Constant("second")
    delta = Constant()

    def check(self) -> None:
        for name, value in (("momentum", self.momentum), ("momentum2", self.momentum2)):
            self.fail_if(not 0 <= value < 1, f"{name} must be at least 0 and below 1", value,
                         field=name)
        self.begin(0)  # constants are asked for before the first update
        if self.param.amsgrad:
            self.histories = 3
            self.kernel += "_amsgrad" if self.kernel else ""

    def begin(self, iteration: int) -> None:
        k = iteration + 1
        self.correction = math.sqrt(1 - self.momentum2**k) / (1 - self.momentum**k)

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (m, v, *most) = self.xp, history
        xp.multiply(g, 1 - self.momentum2, out=t)
        xp.multiply(t, g, out=t)
        xp.multiply(v, self.momentum2, out=v)
        xp.add(v, t, out=v)
        xp.multiply(g, 1 - self.momentum, out=g)
        xp.multiply(m, self.momentum, out=m)
        xp.add(m, g, out=m)
        if most:
            v = xp.maximum(most[0], v, out=most[0])
        xp.sqrt(v, out=t)
        xp.add(t, self.delta, out=t)
        xp.divide(m, t, out=g)
        xp.multiply(g, rate * self.correction, out=g)
