"""CTCGreedyDecoder: the best class of each step, without repetitions and blanks."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.out.step import BATCH, Step
from caffepy.exchange.out.table import rule


@rule("CTCGreedyDecoder")
def ctc_greedy_decoder(step: Step) -> list[str]:
    """What is kept moves to the front: the places of the kept steps, in order, are looked up."""
    layer, p = step.layer, step.p
    if layer.measured is not None:
        step.told.append("its accuracy, which needs labels, is left out")
    steps, items, classes = layer.shape
    step.fix(BATCH)
    x = step.reshape(step.x, (steps, items, classes))
    within = _within(step, step.reshape(step.bottoms[1], (steps, items)))
    best = step("ArgMax", x, axis=2, keepdims=0)
    kept = step("And", within, step("Not", step("Equal", best, layer.blank)))
    if p.ctc_merge_repeated and steps > 1:
        changed = step("Not", step("Equal", step.part(best, 0, 1, steps),
                                   step.part(best, 0, 0, steps - 1)))
        changed = step("Concat", np.ones((1, items), bool), changed, axis=0)
        kept = step("And", kept, changed)
    places = step("Where", kept, np.arange(steps).reshape(-1, 1), steps)
    places = step("Transpose", places, perm=[1, 0])
    places = step.several("TopK", 2, places, [steps], axis=1, largest=0)[0]
    real = step("Less", places, steps)
    labels = step.at(step("Transpose", best, perm=[1, 0]), step("Where", real, places, 0))
    labels = step.floats(step("Where", real, labels, -1))
    found = [step.reshape(labels, step.top_shapes[0])]
    if layer.scored:
        highest = step.reduce("ReduceMax", x, [2], keep=False)
        total = step.reduce("ReduceSum", step("Where", within, highest, 0.0), [0], keep=False)
        found.append(step.reshape(step("Neg", total), step.top_shapes[1]))
    return found


def _within(step: Step, indicators: str) -> str:
    """Which steps come before the first 0 behind the first row."""
    ended = step.floats(step("Equal", indicators, 0.0))
    steps = step.layer.shape[0]
    ended = step("Mul", ended, (np.arange(steps) > 0).astype(np.float32).reshape(-1, 1))
    return step("Equal", step("CumSum", ended, np.array(0)), 0.0)
