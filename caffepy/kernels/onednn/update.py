"""Updates in two to four passes on all threads, where NumPy takes seven and more.

Each pass is one of oneDNN's binary operations, with what can follow it in registers: squares,
roots, inverses, products with numbers and with other arrays, and the sum with what is in the
target. Numbers that change from step to step are memory that the primitives read. A rule is what
its docstring in ``caffepy.solvers`` says, in such passes over

    w, g       the weights and their gradients
    h, k, m    the histories
    t          room for what lies between

Gradients that count are scale g + decay w. Where they have a bound, NumPy holds them to it first:
what is no number stays none, which oneDNN's least and largest would make a bound of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import ADD, MAX, MUL, Array, Layout
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.onednn.runtime import Call, Runtime
from caffepy.kernels.operations.update import UpdateKernel, UpdateSpec
from caffepy.kernels.table import implements

Step = tuple[Any, ...]
# what a step is for oneDNN: algorithm, alpha, beta
ELEMENTWISE: dict[str, Callable[..., tuple[int, float, float]]] = {
    "square": lambda: (api.SQUARE, 0.0, 0.0), "root": lambda: (api.SQRT, 0.0, 0.0),
    "plus": lambda what: (api.LINEAR, 1.0, what), "inverse": lambda: (api.POW, 1.0, -1.0)}
LEAST = 1e-7  # of the weights that a decoupled decay leaves: less is as good as nothing


class Passes:
    """The passes of one rule, as it asks for them.

    Attributes:
        spec: the update.
        constants: the rule's, of the spec.
        decoupled: whether weight decay does not join the gradients.
        scale, decay, rate, minus_rate: numbers that may differ from step to step.
        bound: of gradients, where they have one.
        rest: the share of the weights that decay leaves, where it does not join the gradients;
            rate_by_rest, step_by_rest, momentum_by_rest: less the rate, the rate times scale, and
            the momentum, by it.
    """

    def __init__(self, runtime: Runtime, spec: UpdateSpec) -> None:
        self.spec = spec
        self.constants = spec.constants
        self.decoupled = spec.rule in DECOUPLED
        self.scale, self.decay, self.rate, self.minus_rate = _numbers(4)
        self.bound = 0.0
        self.rest, self.rate_by_rest, self.step_by_rest, self.momentum_by_rest = _numbers(4)
        self._runtime = runtime
        self._line, self._number = runtime.plain((spec.count,)), runtime.plain((1,))
        self._calls: list[tuple[Call, str]] = []
        self._rooms: dict[str, tuple[Array, Array]] = {}

    def tell(self, scale: float, decay: float, rate: float, bound: float) -> None:
        """What is new for the coming step."""
        self.bound = bound
        self.scale[0], self.decay[0], self.rate[0], self.minus_rate[0] = scale, decay, rate, -rate
        rest = 1 - self.spec.decays * (decay if self.decoupled else rate * decay)
        self.rest[0] = rest = rest if abs(rest) > LEAST else LEAST
        self.rate_by_rest[0], self.step_by_rest[0] = -rate / rest, -rate * scale / rest
        self.momentum_by_rest[0] = -self.constants.momentum / rest

    @property
    def detail(self) -> str:
        return self._calls[0][0].implementation

    def __call__(self, w: Array, g: Array, history: Sequence[Array]) -> None:
        if self.spec.bounded:
            g = np.clip(g, -self.bound, self.bound, out=self._room("g"))
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

    def run(self, target: str, algorithm: int, a: str, b: str | float | Array, *steps: Step,
            a_times: Array | None = None, b_times: float | Array | None = None) -> None:
        """One more pass: target = (a_times a) algorithm (b_times b), where b may be a number (MUL
        by 1.0 is a copy), and then the steps.

        Steps: ("square",), ("root",), ("inverse",), ("plus", number), ("times", number or an
        array's name), and ("keeps", number): what was in the target is added, times the number.
        """
        post_ops: list[tuple[Any, ...]] = []
        free, names = [(api.SRC, self._line)], a
        fixed: list[tuple[int, Layout, Array]] = []
        for kind, *more in steps:
            place = api.post_op_argument(len(post_ops))
            if kind == "keeps":
                if more[0]:
                    post_ops.append(("sum", more[0]))
            elif kind in ELEMENTWISE:
                post_ops.append(("eltwise", *ELEMENTWISE[kind](*more)))
            elif isinstance(more[0], str):
                post_ops.append(("binary", MUL, self._line))
                free.append((place, self._line))
                names += more[0]
            else:
                post_ops.append(("binary", MUL, self._number))
                fixed.append((place, self._number, number(more[0])))
        second = self._number
        if isinstance(b, str):
            second = self._line
            free.append((api.SRC_1, self._line))
            names += b
        else:
            fixed.append((api.SRC_1, self._number, number(b)))
        scales = {argument: factor for argument, factor in ((api.SRC, a_times),
                  (api.SRC_1, b_times)) if factor is not None}
        fixed += [(api.SCALES | argument, self._number, number(f))
                  for argument, f in scales.items()]
        chosen = self._runtime.choose("binary", algorithm, self._line, second, self._line,
                                      post_ops=post_ops, scales=dict.fromkeys(scales, 0))
        call = chosen.call(*free, (api.DST, self._line), fixed=fixed)
        self._calls.append((call, names + target))

    def gradient(self, target: str, *steps: Step) -> None:
        """target = scale g + decay w, and then the steps."""
        if self.spec.decays and not self.decoupled:
            self.run(target, ADD, "g", "w", *steps, a_times=self.scale, b_times=self.decay)
        else:
            self.run(target, MUL, "g", self.scale, *steps)

    def mean(self, target: str, decay: float, *steps: Step) -> None:
        """target = decay target + (1 - decay) times the gradient behind the steps."""
        self.gradient(target, *steps, ("times", 1 - decay), ("keeps", decay))

    def divide(self, what: str, h: str) -> None:
        """w -= rate what / (sqrt(h) + delta)."""
        steps: list[Step] = [("root",), ("plus", self.constants.delta), ("inverse",),
                             ("times", what)]
        if self.decoupled:
            self.run("w", MUL, h, 1.0, *steps, ("times", self.rate_by_rest), *self.onto_the_rest)
        else:
            self.run("w", MUL, h, 1.0, *steps, ("times", self.minus_rate), ("keeps", 1.0))

    @property
    def onto_the_rest(self) -> list[Step]:
        """What changes w as if it had been multiplied with ``rest`` before."""
        return [("keeps", 1.0), *[("times", self.rest)] * self.spec.decays]


def _numbers(count: int) -> list[Array]:
    return [np.empty(1, np.float32) for _ in range(count)]


def number(value: float | Array) -> Array:
    """In memory, where a primitive reads it."""
    return value if isinstance(value, np.ndarray) else np.full(1, value, np.float32)


def _sgd(p: Passes) -> None:
    p.gradient("h", ("times", p.rate), ("keeps", p.constants.momentum))
    p.run("w", api.SUB, "w", "h")


def _nesterov(p: Passes) -> None:
    """What is subtracted, (1 + momentum) h' - momentum h, is momentum h' + rate (scale g +
    decay w)."""
    p.gradient("h", ("times", p.rate), ("keeps", p.constants.momentum))
    p.run("w", ADD, "h", "g", *p.onto_the_rest, a_times=p.momentum_by_rest,
          b_times=p.step_by_rest)


def _adagrad(p: Passes) -> None:
    p.gradient("t")
    p.run("h", MUL, "t", "t", ("keeps", 1.0))
    p.divide("t", "h")


def _rmsprop(p: Passes) -> None:
    p.gradient("t")
    p.run("h", MUL, "t", "t", ("times", 1 - p.constants.second), ("keeps", p.constants.second))
    p.divide("t", "h")


def _adadelta(p: Passes) -> None:
    momentum, delta = p.constants.momentum, p.constants.delta
    p.mean("h", momentum, ("square",))
    p.run("t", ADD, "h", delta, ("inverse",))
    p.run("t", ADD, "k", delta, ("times", "t"), ("root",))
    p.gradient("t", ("times", "t"))
    p.run("k", MUL, "t", "t", ("times", 1 - momentum), ("keeps", momentum))
    p.run("w", MUL, "t", p.minus_rate, ("keeps", 1.0))


def _adam(p: Passes, amsgrad: bool = False) -> None:
    p.mean("h", p.constants.momentum)
    p.mean("k", p.constants.second, ("square",))
    if amsgrad:
        p.run("m", MAX, "m", "k")
    p.divide("h", "m" if amsgrad else "k")


RULES: dict[str, Callable[[Passes], None]] = {
    "sgd": _sgd, "nesterov": _nesterov, "adagrad": _adagrad, "rmsprop": _rmsprop,
    "adadelta": _adadelta, "adam": _adam, "adamw": _adam,
    "adam_amsgrad": partial(_adam, amsgrad=True), "adamw_amsgrad": partial(_adam, amsgrad=True),
}
DECOUPLED = ("adamw", "adamw_amsgrad")  # whose decay does not join the gradients


@implements("rule", "count", "constants", "decays", "bounded")
class Update(UpdateKernel):
    """The passes of the rule that the spec names."""

    engine = "onednn"

    def __init__(self, spec: UpdateSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.rule not in RULES:
            raise Unsupported(f"there are no passes for the rule {spec.rule}")
        self._passes = Passes(runtime_of(self, (spec.count,)), spec)
        RULES[spec.rule](self._passes)

    @property
    def detail(self) -> str:
        return self._passes.detail

    def step(self, w: Array, g: Array, history: Sequence[Array], scale: float, decay: float,
             rate: float, bound: float = 0.0) -> None:
        self._passes.tell(scale, decay, rate, bound)
        self._passes(w, g, history)
