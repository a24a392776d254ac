"""RMSProp: gradients divided by a running root mean square of themselves.

    h = rms_decay * h + (1 - rms_decay) * g^2
    w -= rate * g / (sqrt(h) + delta)

T. Tieleman and G. Hinton, "RMSProp: Divide the gradient by a running average of its recent
magnitude", COURSERA: Neural Networks for Machine Learning, 2012.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Constant, Rule, rule


@rule("RMSProp")
class RMSProp(Rule):
    kernel = "rmsprop"
    rms_decay = Constant("second")
    delta = Constant()

    def check(self) -> None:
        self.refuse_momentum()
        self.fail_if(not 0 <= self.rms_decay < 1, "rms_decay should lie between 0 and 1",
                     self.rms_decay, field="rms_decay")

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (h,) = self.xp, history
        xp.multiply(g, g, out=t)
        xp.multiply(t, 1 - self.rms_decay, out=t)
        xp.multiply(h, self.rms_decay, out=h)
        xp.add(h, t, out=h)
        xp.sqrt(h, out=t)
        xp.add(t, self.delta, out=t)
        xp.divide(g, t, out=g)
        xp.multiply(g, rate, out=g)
