"""The fillers: how parameters (and DummyData) get their first values.

    constant            value
    uniform             U(min, max)
    gaussian            N(mean, std); with sparse >= 0 only that many inputs an output are kept
    positive_unitball   U(0, 1), each item scaled to sum to 1
    xavier              U(-a, a), a = sqrt(3 / n)          (Glorot and Bengio 2010)
    msra                N(0, sqrt(2 / n))                  (He et al. 2015)
    bilinear            the interpolation kernel of a square deconvolution
    diagonal            for output i and input i diag_val i, or 1, over the cells of the kernel; 0
                        elsewhere (FlowNet2's)

n is fan_in (count / shape[0]), fan_out (count / shape[1]) or their average, by variance_norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.errors import did_you_mean
from caffepy.proto import caffe_pb2

Fill = Callable[[tuple[int, ...], Any, np.random.Generator], Any]


def constant(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    return p.value


def uniform(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    return generator.uniform(p.min, p.max, shape)


def gaussian(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    values = generator.normal(p.mean, p.std, shape)
    if p.sparse >= 0:
        # each weight stays with this chance, by the outputs and not the inputs, as in the original
        values *= generator.random(shape) < p.sparse / shape[0]
    return values


def positive_unitball(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    values = generator.random(shape)
    return values / values.sum(axis=tuple(range(1, len(shape))), keepdims=True)


def xavier(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    scale = math.sqrt(3 / fan(shape, p))
    return generator.uniform(-scale, scale, shape)


def msra(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    return generator.normal(0, math.sqrt(2 / fan(shape, p)), shape)


def bilinear(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    size = shape[3]
    factor = math.ceil(size / 2)
    centre = (size - 1) / (2 * factor)
    line = 1 - np.abs(np.arange(size) / factor - centre)
    return np.broadcast_to(np.outer(line, line), shape)


def diagonal(shape: tuple[int, ...], p: Any, generator: np.random.Generator) -> Any:
    values = np.zeros(shape, np.float32)
    cells = math.prod(shape[2:])
    for i in range(min(shape[:2])):
        values[i, i] = (p.diag_val[i] if i < len(p.diag_val) else 1) / cells
    return values


FILLERS: dict[str, Fill] = {
    f.__name__: f
    for f in (constant, uniform, gaussian, positive_unitball, xavier, msra, bilinear, diagonal)
}

DRAWS = {"uniform": ("min", "max"), "gaussian": ("mean", "std")}  # from between or around these


def fan(shape: tuple[int, ...], p: Any) -> float:
    """The n of xavier and msra."""
    count = math.prod(shape)
    # fan_out assumes a convolution's layout, so it is wrong for InnerProduct; kept, since the
    # original's nets were trained with it
    fan_in, fan_out = count / shape[0], count / shape[1] if len(shape) > 1 else count
    if p.variance_norm == caffe_pb2.FillerParameter.FAN_OUT:
        return fan_out
    if p.variance_norm == caffe_pb2.FillerParameter.AVERAGE:
        return (fan_in + fan_out) / 2
    return fan_in


def fill(
    tensor: Tensor, p: Any, generator: np.random.Generator, fail: Callable[..., Any]
) -> None:
    """Fill a tensor as the FillerParameter ``p`` says.

    Args:
        fail: raises an error that names the layer; called as ``fail(message, **details)``.
    """
    if p.type not in FILLERS:
        from caffepy.proto import other_words

        cure = other_words.value("filler", p.type)
        if cure and " " not in cure:
            cure = f'Write type: "{cure}".'
        fail(f"Unknown filler name: {p.type}", allowed=", ".join(FILLERS),
             fix=cure or did_you_mean(p.type, FILLERS))
    _check(tensor.shape, p, fail)
    if tensor.count:
        tensor.overwrite(Place.HOST)[...] = FILLERS[p.type](tensor.shape, p, generator)


def _check(shape: tuple[int, ...], p: Any, fail: Callable[..., Any]) -> None:
    """Refuse what the filler cannot fill, and what it cannot fill with."""
    for field in DRAWS.get(p.type, ()):
        if not math.isfinite(getattr(p, field)):
            fail(f"{field} of the {p.type} filler is no finite number", found=getattr(p, field))
    if p.sparse != -1 and p.type != "gaussian":
        fail(f"sparse is for the gaussian filler, not for {p.type}")
    if p.type == "uniform" and p.min > p.max:
        fail("min of the uniform filler is above its max", found=f"min {p.min:g}, max {p.max:g}",
             fix="max is 1 if it is not given.")
    if p.type == "gaussian" and p.std <= 0:
        fail("std of the gaussian filler must be positive", found=f"{p.std:g}",
             fix='For one value everywhere: type: "constant".')
    if p.type == "gaussian" and p.sparse != -1:
        outputs = shape[0] if shape else 0
        if not 0 <= p.sparse <= outputs:
            fail("sparse of the gaussian filler must not exceed the number of outputs",
                 found=p.sparse, allowed=f"0 to {outputs}, or -1 for all weights")
    if not shape and p.type in ("positive_unitball", "xavier", "msra"):
        fail(f"the {p.type} filler goes by the first axis, and this blob has none")
    if p.type == "bilinear" and (len(shape) != 4 or shape[2] != shape[3]):
        fail("the bilinear filler fills square 4-D kernels", found=f"shape {shape}")
    if p.type == "diagonal" and len(shape) < 2:
        fail("the diagonal filler goes by the first two axes", found=f"shape {shape}")
