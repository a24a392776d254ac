"""Kernels of update rules, against the rules themselves."""

from __future__ import annotations

import numpy as np

from caffepy.proto import caffe_pb2, text
from caffepy.solvers import rule
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.sides import REFERENCE, Side, engine


@family("Update kernel")
def update(draw: Draw) -> Case:
    kind = draw.pick(("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam", "AdamW"))
    momentum, second = (draw.pick((0.0, 0.9, draw.number(0, 0.99))) for _ in range(2))
    # the rules divide by sqrt(h) + delta, and deltas of practice leave nothing of a small gradient
    words = {"delta": draw.pick((1e-8, 1e-3, 0.1)), "rms_decay": second, "momentum2": second}
    if kind not in ("AdaGrad", "RMSProp"):
        words["momentum"] = momentum
    if kind in ("Adam", "AdamW") and draw.chance():
        words["amsgrad"] = "true"
    setting = " ".join(f"{name}: {value}" for name, value in words.items())
    param = caffe_pb2.SolverParameter()
    text.parse(setting, param)
    histories = rule.get(kind)(param, np).histories
    count, start = draw.pick((1, 7, 16, 100, draw.integer(1, 5000))), draw.pick((0, 1, 3))
    decays, bound = draw.chance(), draw.pick((0.0, 0.0, draw.number(0.1, 1)))
    arrays = [draw.numbers((count,), "normal") for _ in range(2)]
    arrays += [np.abs(draw.numbers((count,), "normal")) for _ in range(histories)]
    steps = [(draw.number(0.1, 3), draw.number(0, 0.3), draw.number(0.001, 0.2))
             for _ in range(draw.integer(1, 4))]

    def play(side: Side) -> None:
        r = rule.get(kind)(param, np)
        w, g, *history = (at(side.array(a), start) for a in arrays)
        name = side.names[0]
        plain = name == REFERENCE  # which has no kernels for rules: they are array code
        kernel = None if plain else engine(name, side.threads).plan(
            r.spec(count, decays, bounded=bound > 0))
        for iteration, (scale, decay, rate) in enumerate(steps):
            r.begin(iteration)
            if kernel:
                kernel.step(w, g, history, scale, decay, rate * r.correction, bound)
            else:
                decayed = side.dtype.type(decay) * w if decays else 0
                held = np.clip(g, -bound, bound) if bound else g
                u = side.dtype.type(scale) * held + (0 if r.decoupled else decayed)
                r.update(u, tuple(history), rate, np.empty(count, side.dtype))
                w -= u + (decayed if r.decoupled else 0)
            side.note("w", w)
            side.note("g", g)
            for index, h in enumerate(history):
                side.note(f"history {index}", h)

    return Case(f"{kind} {setting}, count {count}, decays {decays}, bound {bound}", play, terms=1)


def at(values: np.ndarray, start: int) -> np.ndarray:
    """The same numbers, so many behind the beginning of an array."""
    room = np.empty(values.size + start, values.dtype)
    room[start:] = values
    return room[start:]
