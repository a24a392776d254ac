"""Layers over sequences: ONNX's LSTM where sequences begin together, else a Scan over the steps.

Caffe's layers are told for each step of each sequence whether it goes on (cont), which ONNX's have
no word for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.exchange.out.step import BATCH, Step
from caffepy.exchange.out.table import rule

ONNX_ORDER = (0, 2, 1, 3)  # of Caffe's gates i, f, o, g: ONNX has i, o, f, c
FORGETS = ("each run begins with a state of zeros; the net's next forward goes on where the one "
           "before ended")


@rule("LSTM")
def lstm(step: Step) -> list[str]:
    layer, size = step.layer, step.layer.p.num_output
    if not layer.outer_state and layer.static is None and _begin_together(step):
        x = step.reshape(step.x, (0, 0, -1))
        return [_onnx_lstm(step, x, step.numbers(0), step.numbers(2), step.numbers(1))]
    w_h = step.value(step.numbers(len(layer.blobs) - 1).T)

    def body(h: str, c: str, a: str, cont: str) -> Sequence[str]:
        return _lstm_step(step, size, w_h, h, c, a, cont)

    return _over_time(step, body, 4 * size, 2)


@rule("RNN")
def rnn(step: Step) -> list[str]:
    layer, size = step.layer, step.layer.p.num_output
    at = len(layer.blobs) - 3
    w_h = step.value(step.numbers(at).T)

    def body(h: str, a: str, cont: str) -> Sequence[str]:
        came = step("MatMul", step("Mul", cont, h), w_h)
        h = step("Tanh", step("Add", a, came))
        return [h, h]

    h, *last = _over_time(step, body, size, 1)
    y = step("Add", step("MatMul", h, step.numbers(at + 1).T), step.weight(at + 2))
    return [step("Tanh", y), *last]


@rule("Lstm")
def lstm_junhyuk(step: Step) -> str:
    layer, size = step.layer, step.p.num_output
    step.fix(BATCH)
    x = step.reshape(step.x, (layer.steps, layer.items, layer.width))
    w, u, bias = (step.numbers(i) for i in range(3))
    if len(step.bottoms) < 2:
        y = _onnx_lstm(step, x, w, u, bias)
    else:
        step.told.append(FORGETS)
        w_h = step.value(u.T)
        a = step("Add", step("MatMul", x, w.T), bias)
        flags = step.reshape(step.bottoms[1], (layer.steps, layer.items, 1))
        cont = step.floats(step("Not", step("Equal", flags, 0.0)))
        zeros = step.value(np.zeros((layer.items, size)))
        y = step.scan(lambda *given: _lstm_step(step, size, w_h, *given), [zeros] * 2, [a, cont],
                      [(layer.items, width) for width in (size, size, 4 * size, 1)], 1)[2]
    return step.reshape(y, step.top_shapes[0])


@rule("LSTMUnit")
def lstm_unit(step: Step) -> list[str]:
    c, a, cont = step.bottoms
    c, h = _cell(step, step.shapes[0][2], c, a, step.unsqueeze(cont, [2]))
    return [c, h]


def _over_time(step: Step, body: Any, width: int, states: int) -> list[str]:
    """h of all steps; with expose_hidden the last states, too.

    Args:
        width: how many numbers the gates have together.
    """
    layer, size = step.layer, step.layer.p.num_output
    sequences = step.shapes[0][1]
    x = step.reshape(step.x, (0, 0, -1)) if step.axes > 3 else step.x
    a = step("Add", step("MatMul", x, step.numbers(0).T), step.weight(1))
    if layer.static is not None:
        static = step("Flatten", step.bottoms[2], axis=1)
        a = step("Add", a, step("MatMul", static, step.numbers(2).T))
    if layer.outer_state:
        start = [step("Squeeze", each, [0]) for each in step.bottoms[-states:]]
    else:
        step.fix(BATCH)
        step.told.append(FORGETS)
        start = [step.value(np.zeros((sequences, size)))] * states
    cont = step.unsqueeze(step.bottoms[1], [2])
    widths = [size] * states + [width, 1]
    *last, h = step.scan(body, start, [a, cont], [(sequences, each) for each in widths], 1)
    return [h, *(step.unsqueeze(each, [0]) for each in last)][: step.tops]


def _lstm_step(step: Step, size: int, w_h: str, h: str, c: str, a: str, cont: str) -> list[str]:
    """One step: the new states, and h again as what it gives."""
    a = step("Add", a, step("MatMul", step("Mul", cont, h), w_h))
    c, h = _cell(step, size, c, a, cont)
    return [h, c, h]


def _cell(step: Step, size: int, c: str, a: str, cont: str) -> tuple[str, str]:
    """c and h after a step, of the gates' arguments i, f, o, g along the last axis."""
    i, f, o, g = step.split(a, [size] * 4, -1)
    forget = step("Mul", cont, step("Sigmoid", f))
    learn = step("Mul", step("Sigmoid", i), step("Tanh", g))
    c = step("Add", step("Mul", forget, c), learn)
    return c, step("Mul", step("Sigmoid", o), step("Tanh", c))


def _begin_together(step: Step) -> bool:
    """Whether cont is known to be 0 in the first row and 1 below it."""
    cont = step.graph.constants.get(step.bottoms[1])
    return cont is not None and not cont[0].any() and bool((cont[1:] == 1).all())


def _onnx_lstm(step: Step, x: str, w_x: Any, w_h: Any, bias: Any) -> str:
    """All steps from a state of zeros, T x N x D."""
    size = w_h.shape[1]
    weights = [np.concatenate([np.split(each, 4)[gate] for gate in ONNX_ORDER])[None]
               for each in (w_x, w_h, bias)]
    both = np.concatenate([weights[2], np.zeros_like(weights[2])], axis=1)
    y = step.several("LSTM", 1, x, weights[0], weights[1], both, hidden_size=size)[0]
    return step("Squeeze", y, [1])
