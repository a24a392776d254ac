"""RMSProp: gradients divided by a running root mean square of themselves.

    h = rms_decay * h + (1 - rms_decay) * g^2
    w -= rate * g / (sqrt(h) + delta)

T. Tieleman and G. Hinton, "RMSProp: Divide the gradient by a running average of its recent
magnitude", COURSERA: Neural Networks for Machine Learning, 2012.
"""

from __future__ import annotations

from caffepy.solvers.rule import Array, Rule, rule


@rule("RMSProp")
class RMSProp(Rule):
    kernel = "rmsprop"

    def check(self) -> None:
        self.fail_if(self.momentum != 0, "Momentum cannot be used with RMSProp",
                     f"momentum: {self.momentum:g}", "Take it out.", "momentum")
        self.decay: float = self.param.rms_decay
        self.fail_if(not 0 <= self.decay < 1, "rms_decay should lie between 0 and 1", self.decay,
                     field="rms_decay")
        self.delta: float = self.param.delta

    def constants(self) -> tuple[float, float, float, float]:
        return 0.0, self.decay, self.delta, 1.0

    def update(self, g: Array, history: tuple[Array, ...], rate: float, t: Array) -> None:
        xp, (h,) = self.xp, history
        xp.multiply(g, g, out=t)
        xp.multiply(t, 1 - self.decay, out=t)
        xp.multiply(h, self.decay, out=h)
        xp.add(h, t, out=h)
        xp.sqrt(h, out=t)
        xp.add(t, self.delta, out=t)
        xp.divide(g, t, out=g)
        xp.multiply(g, rate, out=g)
