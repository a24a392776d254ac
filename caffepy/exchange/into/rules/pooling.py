"""Pooling: Caffe's windows where they are the node's, else what forks have for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.exchange.into import windows
from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step, pads
from caffepy.exchange.into.table import rule
from caffepy.exchange.into.windows import Windows, words

NEVER_BELOW_ZERO = ("Relu", "Sigmoid", "HardSigmoid", "Softmax", "Exp", "Abs", "Softplus")


@rule("GlobalAveragePool")
def global_average(step: Step) -> str:
    return whole(step, "AVE")


@rule("GlobalMaxPool")
def global_largest(step: Step) -> str:
    return whole(step, "MAX")


@rule("MaxPool")
def largest(step: Step) -> str:
    if len(step.node.output) > 1 and step.node.output[1]:
        raise NotInCaffe("indices that count through items and channels")
    found = _windows(step)
    if set(found.dilation) != {1}:
        raise NotInCaffe("a window with holes (dilations)")
    return _pooling(step, _folded(step, found), found, {"pool": "MAX"})


@rule("AveragePool")
def average(step: Step) -> str:
    found = _windows(step)
    if set(found.dilation) != {1}:
        raise NotInCaffe("a window with holes (dilations)")
    counted = bool(step.attribute("count_include_pad", 0))
    padded = step.padded()
    if padded and not padded.value and not any(found.begin + found.end):
        counted = True  # the zeros of a Pad count, and Caffe's padding does
        found.pad_more(padded.begin, padded.end)
        x = padded.blob
    else:
        x = step.x
    exclude = not counted and any(found.begin + found.end)
    return _pooling(step, x, found, {"pool": "AVE_EXC_PAD" if exclude else "AVE"})


def whole(step: Step, pool: str) -> str:
    """One window over all spatial axes."""
    return step("Pooling", step.x, pooling_param={"pool": pool, "global_pooling": True})


def _windows(step: Step) -> Windows:
    return windows.read(step, step.attribute("kernel_shape"), step.shape()[2:])


def _folded(step: Step, found: Windows) -> str:
    """The bottom of a maximum, whose padding never wins; so a Pad's may go along where it cannot
    win either."""
    padded = step.padded()
    if padded is None:
        return step.x
    maker = step.model.makers.get(padded_source(step))
    low = padded.value < -1e30 or (padded.value == 0 and maker is not None
                                   and _never_below_zero(step, maker))
    fits = all(k > max(a + b, c + d) for k, a, b, c, d in zip(
        found.kernel, found.begin, padded.begin, found.end, padded.end, strict=True))
    if not (low and fits):
        return step.x
    found.pad_more(padded.begin, padded.end)
    return padded.blob


def padded_source(step: Step) -> str:
    """What the Pad in front pads."""
    return str(step.model.makers[step.node.input[0]].input[0])


def _never_below_zero(step: Step, maker: Any) -> bool:
    if maker.op_type == "Clip":
        bound = step.model.constants.get(maker.input[1]) if len(maker.input) > 1 else next(
            (one.f for one in maker.attribute if one.name == "min"), None)
        return bound is not None and float(bound) >= 0
    return maker.op_type in NEVER_BELOW_ZERO


def _pooling(step: Step, x: str, found: Windows, message: dict[str, Any]) -> str:
    """The layer. Sizes are rounded up, as in Caffe, where that makes as many windows."""
    if any(k <= max(a, b) for k, a, b in zip(found.kernel, found.begin, found.end, strict=True)):
        raise NotInCaffe("padding as large as the window")
    sizes = _unpadded(step)
    message |= {**words(found.kernel, "kernel_size", "kernel", once=True),
                **pads(found.begin, found.end, side=True)}
    if set(found.stride) != {1}:
        message |= words(found.stride, "stride", "stride", once=True)
    out = list(step.top_shape[2:])
    if _count(sizes, found, down=False) != out:
        message["round_mode"] = "FLOOR"
        if _count(sizes, found, down=True) != out:
            raise NotInCaffe(f"{out} windows, where Caffe has "
                             f"{_count(sizes, found, down=False)}, or rounded down "
                             f"{_count(sizes, found, down=True)}")
    return step("Pooling", x, pooling_param=message)


def _unpadded(step: Step) -> Sequence[int]:
    """The spatial sizes of what the layer reads."""
    shape = step.shape()
    padded = step.padded()
    return shape[2:] if padded is None else step.model.shapes[padded_source(step)][2:]


def _count(sizes: Sequence[int], found: Windows, down: bool) -> list[int]:
    """How many windows Caffe has along each axis."""
    counts = []
    for size, k, s, begin, end in zip(sizes, found.kernel, found.stride, found.begin, found.end,
                                      strict=True):
        room = size + begin + end - k
        n = (room // s if down else -(-room // s)) + 1
        counts.append(n - 1 if (n - 1) * s >= size + begin else n)
    return counts
