"""Arithmetic of two values, or of a value and numbers, with ONNX's broadcasting.

Eltwise takes bottoms of one shape, Scale and Bias an operand whose axes are some of the bottom's,
one behind the other; what fits neither is repeated by Tile first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.exchange.into.rules.neuron import LARGEST, clipped
from caffepy.exchange.into.step import Array, Shape, Step
from caffepy.exchange.into.table import rule

SUMS = {"Add": (1, 1), "Sub": (1, -1)}


@rule("Add", "Sub", "Mul", "Div")
def arithmetic(step: Step) -> str:
    for index in (0, 1):
        if (numbers := step.constant(index)) is not None:
            x = expanded(step, 1 - index)
            if numbers.size == 1:
                return _with_number(step, x, float(numbers.item()), first=index == 0)
            return _with_numbers(step, x, numbers.astype(np.float64), first=index == 0)
    return _of_two(step)


@rule("Sum", "Mean")
def total(step: Step) -> str:
    count = len(step.node.input)
    coeff = {"coeff": [1 / count] * count} if step.operation == "Mean" else {}
    return eltwise(step, [expanded(step, index) for index in range(count)], **coeff)


@rule("Max", "Min")
def extreme(step: Step) -> str:
    indices = range(len(step.node.input))
    numbers = [step.constant(index) for index in indices]
    if len(numbers) == 2 and numbers[0] is None and numbers[1] is not None \
            and numbers[1].size == 1 and step.shape() == step.top_shape:
        bound = float(numbers[1].item())
        return (clipped(step, bound, LARGEST) if step.operation == "Max" else
                clipped(step, -LARGEST, bound))
    bottoms = [expanded(step, index) for index in indices]
    if step.operation == "Max":
        return eltwise(step, bottoms, operation="MAX")
    bottoms = [negative(step, bottom) for bottom in bottoms]
    return negative(step, eltwise(step, bottoms, operation="MAX"))


def _with_number(step: Step, x: str, number: float, first: bool) -> str:
    """x and one number, which stands in front if ``first``."""
    said: dict[str, Any]
    if step.operation == "Add":
        said = {"shift": number}
    elif step.operation == "Sub":
        said = {"scale": -1, "shift": number} if first else {"shift": -number}
    elif step.operation == "Mul":
        said = {"scale": number}
    elif first and number == 0:
        said = {"scale": 0}
    else:
        said = {"scale": 1 / number, "power": -1} if first else {"scale": 1 / number}
    return step("Power", x, power_param=said)


def _with_numbers(step: Step, x: str, numbers: Array, first: bool) -> str:
    """x and an array, which stands in front if ``first``: learned numbers of a Scale or Bias."""
    if step.operation == "Sub":
        x, numbers = (negative(step, x), numbers) if first else (x, -numbers)
    if step.operation == "Div":
        x, numbers = (inverse(step, x), numbers) if first else (x, 1 / numbers)
    whole = (1,) * (len(step.top_shape) - numbers.ndim) + numbers.shape
    start, end = _span(whole)
    numbers = np.broadcast_to(numbers.reshape(whole[start:end]), step.top_shape[start:end])
    said = {**({"axis": start} if start != 1 else {}),
            **({"num_axes": end - start} if end - start != 1 else {})}
    if step.operation in SUMS:
        if as_bias(step, x, numbers, start):
            return x
        return step("Bias", x, weights=[numbers], bias_param=said)
    return step("Scale", x, weights=[numbers], scale_param=said)


def as_bias(step: Step, x: str, numbers: Array, start: int) -> bool:
    """Give the numbers to the layer that makes ``x`` as its bias, if it has weights, lacks a bias,
    and nobody else reads what it makes."""
    layer = step.layers.maker(x)
    index = 0 if step.constant(0) is None else 1
    alone = len(step.model.readers(step.node.input[index])) == 1
    if layer is None or not alone or step.node.input[index] in step.model.outputs:
        return False
    axis = {"Convolution": 1, "Deconvolution": 1,
            "InnerProduct": len(step.top_shape) - 1}.get(layer.type)
    if axis != start or len(layer.blobs) != 1 or numbers.ndim != 1:
        return False
    step.layers.give_bias(layer, numbers)
    del step.values[step.node.input[index]]  # no blob has what it was before the sum
    return True


def _span(shape: Shape) -> tuple[int, int]:
    """The axes from the first that is not 1 to the last."""
    places = [axis for axis, n in enumerate(shape) if n != 1]
    return places[0], places[-1] + 1


def _of_two(step: Step) -> str:
    shapes, out = [step.shape(0), step.shape(1)], step.top_shape
    whole = [index for index in (0, 1) if shapes[index] == out]
    if step.operation == "Sub" and len(whole) == 2:
        return eltwise(step, [step.blob(0), step.blob(1)], coeff=SUMS["Sub"])
    blobs = [step.blob(0), step.blob(1)]
    if step.operation == "Sub":
        blobs[1] = negative(step, blobs[1])
    if step.operation == "Div":
        blobs[1] = inverse(step, blobs[1])
    adds = step.operation in SUMS
    if len(whole) == 1:
        main, other = whole[0], 1 - whole[0]
        if span := _operand(shapes[other], out):
            operand = step.reshape(blobs[other], shapes[other], out[slice(*span)], "_operand")
            said = {"axis": span[0]}
            return (step("Bias", blobs[main], operand, bias_param=said) if adds else
                    step("Scale", blobs[main], operand, scale_param=said))
    bottoms = [tiled(step, blob, shape, out) for blob, shape in zip(blobs, shapes, strict=True)]
    return eltwise(step, bottoms, **({} if adds else {"operation": "PROD"}))


def _operand(shape: Shape, out: Shape) -> tuple[int, int] | None:
    """The axes of ``out`` that are those of ``shape``, if the others are 1; with the batch if both
    have the same, since another may come later."""
    whole = (1,) * (len(out) - len(shape)) + shape
    places = [axis for axis, n in enumerate(whole) if n != 1]
    if len(shape) == len(out) and shape[0] == out[0]:
        places = [0, *places]
    if not places:
        return None
    start, end = places[0], places[-1] + 1
    return (start, end) if whole[start:end] == out[start:end] else None


# -- small parts ---------------------------------------------------------------------------------


def eltwise(step: Step, bottoms: Sequence[str], **said: Any) -> str:
    if len(bottoms) == 1:
        return bottoms[0]
    return step("Eltwise", *bottoms, eltwise_param=said)


def negative(step: Step, x: str) -> str:
    return step("Power", x, suffix="_negative", power_param={"scale": -1})


def inverse(step: Step, x: str) -> str:
    return step("Power", x, suffix="_inverse", power_param={"power": -1})


def expanded(step: Step, index: int) -> str:
    """An input in the shape of the output."""
    return tiled(step, step.blob(index), step.shape(index), step.top_shape)


def tiled(step: Step, blob: str, shape: Shape, out: Shape) -> str:
    """A blob repeated along its axes of 1."""
    whole = (1,) * (len(out) - len(shape)) + shape
    blob = step.reshape(blob, shape, whole, "_axes")
    for axis, (n, wanted) in enumerate(zip(whole, out, strict=True)):
        if n != wanted:
            blob = step("Tile", blob, suffix=f"_tile{axis}",
                        tile_param={"axis": axis, "tiles": wanted // n})
    return blob
