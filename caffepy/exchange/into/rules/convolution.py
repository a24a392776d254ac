"""Convolutions, of any number of spatial axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.exchange.into import windows
from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step, pads
from caffepy.exchange.into.table import rule
from caffepy.exchange.into.windows import Windows, words


@rule("Conv")
def convolution(step: Step) -> str:
    weights = _weights(step)
    found = windows.read(step, weights[0].shape[2:], step.shape()[2:])
    x = step.values.get(step.node.input[0])
    padded = step.padded()
    if padded and not padded.value:
        found.pad_more(padded.begin, padded.end)
        x = padded.blob
    return step("Convolution", x if isinstance(x, str) else step.x, weights=weights,
                convolution_param=_message(step, found, weights[0].shape[0], len(weights) > 1))


@rule("ConvTranspose")
def deconvolution(step: Step) -> str:
    """Caffe has neither output_padding nor padding that differs at the ends: there the whole is
    computed, and cut."""
    weights = _weights(step)
    found = windows.read(step, weights[0].shape[2:])
    sizes, out = step.shape()[2:], step.top_shape[2:]
    whole = [s * (n - 1) + d * (k - 1) + 1 for n, s, d, k in zip(
        sizes, found.stride, found.dilation, found.kernel, strict=True)]
    begin = _begin(step, found, whole)
    exact = all(w - 2 * b == n for w, b, n in zip(whole, begin, out, strict=True))
    found.begin = found.end = begin if exact else [0] * len(begin)
    outputs = weights[0].shape[1] * step.attribute("group", 1)
    y = step("Deconvolution", step.x, weights=weights,
             convolution_param=_message(step, found, outputs, len(weights) > 1))
    if exact:
        return y
    for axis, (w, b, n) in enumerate(zip(whole, begin, out, strict=True), start=2):
        if b + n > w:
            raise NotInCaffe("output_padding that goes beyond what the windows cover")
        y = step.part(y, axis, w, b, b + n)
    return y


def _begin(step: Step, found: Windows, whole: list[int]) -> list[int]:
    """The padding in front, which output_shape and auto_pad leave open."""
    if not step.attribute("output_shape") and step.attribute("auto_pad", "NOTSET") in (
            "NOTSET", "VALID"):
        return list(found.begin)
    more = step.attribute("output_padding") or [0] * len(whole)
    total = [w + m - n for w, m, n in zip(whole, more, step.top_shape[2:], strict=True)]
    lower = step.attribute("auto_pad") == "SAME_LOWER"
    return [max(0, t - t // 2 if lower else t // 2) for t in total]


def _weights(step: Step) -> list[Any]:
    weights = step.weights(1)
    bias = [step.weights(2)] if step.has(2) else []
    return [np.asarray(weights), *bias]


def _message(step: Step, found: Windows, outputs: int, bias: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"num_output": outputs,
                               **words(found.kernel, "kernel_size", "kernel"),
                               **pads(found.begin, found.end)}
    if set(found.stride) != {1}:
        message |= words(found.stride, "stride", "stride")
    if set(found.dilation) != {1}:
        one = len(set(found.dilation)) == 1
        message["dilation"] = found.dilation[:1] if one else found.dilation
    if (group := step.attribute("group", 1)) != 1:
        message["group"] = group
    if not bias:
        message["bias_term"] = False
    return message
