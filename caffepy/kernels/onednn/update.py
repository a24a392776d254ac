"""Updates in a few passes on all threads, where NumPy takes seven and more.

Each pass is one of oneDNN's binary operations, with what can follow it in registers: a product
with a number, a root, and the sum with what is in the target. Numbers that change from step to
step are memory that the primitives read. A rule is what its docstring in ``caffepy.solvers`` says,
in such passes over

    w, g       the weights and their gradients
    h, k, m    the histories
    t, s       room for what lies between

where t begins as the gradient that counts, scale g + decay w.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import ADD, DIV, MUL, Array
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.onednn.runtime import Call, Runtime
from caffepy.kernels.operations.update import UpdateKernel, UpdateSpec
from caffepy.kernels.table import implements


class Passes:
    """The passes of one rule, as it asks for them.

    Attributes:
        spec: the update.
        constants: the rule's, of the spec.
        scale, decay, rate, minus_rate, rest: numbers that may differ from step to step; rest is
            1 - decay.
    """

    def __init__(self, runtime: Runtime, spec: UpdateSpec) -> None:
        self.spec = spec
        self.constants = spec.constants
        self.scale, self.decay, self.rate, self.minus_rate, self.rest = (
            np.empty(1, np.float32) for _ in range(5))
        self._runtime = runtime
        self._line, self._number = runtime.plain((spec.count,)), runtime.plain((1,))
        self._calls: list[tuple[Call, str]] = []
        self._rooms: dict[str, tuple[Array, Array]] = {}

    @property
    def detail(self) -> str:
        return self._calls[0][0].implementation

    def __call__(self, w: Array, g: Array, history: Sequence[Array]) -> None:
        arrays = dict(zip("hkm", history, strict=False), w=w, g=g)
        for call, names in self._calls:
            call(*[arrays[name] if name in arrays else self._room(name) for name in names])

    def _room(self, name: str) -> Array:
        """One that all updates take turns in; the same view of it as long as it is the same."""
        nbytes = 4 * self.spec.count
        room = self._runtime.buffer(f"update {name}", nbytes)
        if name not in self._rooms or self._rooms[name][0] is not room:
            self._rooms[name] = room, room[:nbytes].view(np.float32)
        return self._rooms[name][1]

    def run(self, target: str, algorithm: int, a: str, b: str | float | Array, *,
            a_times: Array | None = None, b_times: float | Array | None = None,
            root: bool = False, plus: float = 0.0, times: float | Array | None = None,
            keeps: float = 0.0) -> None:
        """One more pass: target = (a_times a) algorithm (b_times b), where b may be a number (MUL
        by 1.0 is a copy); then its root if ``root``, plus a number, times a number; then ``keeps``
        times what was there is added."""
        post_ops: list[tuple[Any, ...]] = [("eltwise", api.SQRT, 0.0, 0.0)] if root else []
        if plus:
            post_ops.append(("eltwise", api.LINEAR, 1.0, plus))
        fixed = []
        if times is not None:
            fixed.append((api.post_op_argument(len(post_ops)), self._number, number(times)))
            post_ops.append(("binary", MUL, self._number))
        if keeps:
            post_ops.append(("sum", keeps))
        scales = {argument: factor for argument, factor in ((api.SRC, a_times),
                  (api.SRC_1, b_times)) if factor is not None}
        fixed += [(api.SCALES | argument, self._number, number(f))
                  for argument, f in scales.items()]
        free, names, second = [(api.SRC, self._line)], a, self._line
        if isinstance(b, str):
            free.append((api.SRC_1, self._line))
            names += b
        else:
            second = self._number
            fixed.append((api.SRC_1, self._number, number(b)))
        chosen = self._runtime.choose("binary", algorithm, self._line, second, self._line,
                                      post_ops=post_ops, scales=list(scales))
        call = chosen.call(*free, (api.DST, self._line), fixed=fixed)
        self._calls.append((call, names + target))

    def gradient(self, target: str, times: Array | None = None, keeps: float = 0.0) -> None:
        """target = times (scale g + decay w) + keeps target."""
        if self.spec.decays:
            self.run(target, ADD, "g", "w", a_times=self.scale, b_times=self.decay, times=times,
                     keeps=keeps)
        else:
            self.run(target, MUL, "g", self.scale, times=times, keeps=keeps)

    def mean(self, target: str, decay: float, a: str, b: str | float = 1.0) -> None:
        """target = decay target + (1 - decay) a b."""
        self.run(target, MUL, a, b, times=1 - decay, keeps=decay)

    def divide(self, what: str, h: str) -> None:
        """w -= rate what / (sqrt(h) + delta)."""
        self.run("s", MUL, h, 1.0, root=True, plus=self.constants.delta)
        self.run("w", DIV, what, "s", times=self.minus_rate, keeps=1.0)


def number(value: float | Array) -> Array:
    """In memory, where a primitive reads it."""
    return value if isinstance(value, np.ndarray) else np.full(1, value, np.float32)


def _sgd(p: Passes) -> None:
    p.gradient("h", p.rate, keeps=p.constants.momentum)
    p.run("w", api.SUB, "w", "h")


def _nesterov(p: Passes) -> None:
    """What is subtracted, (1 + momentum) h' - momentum h, is t + momentum h'."""
    p.gradient("t", p.rate)
    p.run("h", MUL, "t", 1.0, keeps=p.constants.momentum)
    p.run("t", ADD, "t", "h", b_times=p.constants.momentum)
    p.run("w", api.SUB, "w", "t")


def _adagrad(p: Passes) -> None:
    p.gradient("t")
    p.run("h", MUL, "t", "t", keeps=1.0)
    p.divide("t", "h")


def _rmsprop(p: Passes) -> None:
    p.gradient("t")
    p.mean("h", p.constants.second, "t", "t")
    p.divide("t", "h")


def _adadelta(p: Passes) -> None:
    p.gradient("t")
    p.mean("h", p.constants.momentum, "t", "t")
    p.run("s", ADD, "h", p.constants.delta, root=True)
    p.run("t", DIV, "t", "s")
    p.run("s", ADD, "k", p.constants.delta, root=True)
    p.run("t", MUL, "t", "s")
    p.mean("k", p.constants.momentum, "t", "t")
    p.run("w", MUL, "t", p.minus_rate, keeps=1.0)


def _means(p: Passes, amsgrad: bool) -> None:
    """Adam's, of the gradient in t, and the step that they give."""
    p.mean("h", p.constants.momentum, "t")
    p.mean("k", p.constants.second, "t", "t")
    if amsgrad:
        p.run("m", api.MAX, "m", "k")
    p.divide("h", "m" if amsgrad else "k")


def _adam(p: Passes, amsgrad: bool = False) -> None:
    p.gradient("t")
    _means(p, amsgrad)


def _adamw(p: Passes, amsgrad: bool = False) -> None:
    p.run("t", MUL, "g", p.scale)
    if p.spec.decays:
        p.run("w", MUL, "w", p.rest)
    _means(p, amsgrad)


RULES: dict[str, Callable[[Passes], None]] = {
    "sgd": _sgd, "nesterov": _nesterov, "adagrad": _adagrad, "rmsprop": _rmsprop,
    "adadelta": _adadelta, "adam": _adam, "adamw": _adamw,
    "adam_amsgrad": partial(_adam, amsgrad=True), "adamw_amsgrad": partial(_adamw, amsgrad=True),
}


@implements("rule", "count", "constants", "decays")
class Update(UpdateKernel):
    """The passes of the rule that the spec names."""

    engine = "onednn"

    def __init__(self, spec: UpdateSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.rule not in RULES:
            raise Unsupported(f"there are no passes for the rule {spec.rule}")
        self._passes = Passes(runtime_of(owner, (spec.count,)), spec)
        RULES[spec.rule](self._passes)

    @property
    def detail(self) -> str:
        return self._passes.detail

    def step(self, w: Array, g: Array, history: Sequence[Array], scale: float, decay: float,
             rate: float) -> None:
        p = self._passes
        p.scale[0], p.decay[0], p.rate[0], p.minus_rate[0] = scale, decay, rate, -rate
        p.rest[0] = 1 - decay
        p(w, g, history)
