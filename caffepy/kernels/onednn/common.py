"""What the oneDNN kernels have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from caffepy.core.memory import Place, Shape, Tensor, bfloat16
from caffepy.kernels.contract import Kernel, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout
from caffepy.kernels.onednn.runtime import Runtime

FLOAT = ("float32",)
NO_NUMBER = {"float32": np.nan, "bfloat16": int(bfloat16.rounded(np.array(np.nan)))}
STORED = ("float32", "bfloat16")  # what activations may be
# max(y, 0) behind another operation. oneDNN's own ReLU makes 0 of what is no number, which would
# hide a net that diverges. This is y times a factor that jumps from 0 to 1 where y is 0, so that it
# lets the others through; the last step makes 0 of -0.
RELU = (("eltwise", api.HARDSWISH, 1e30, 0.0), ("eltwise", api.LINEAR, 1.0, 0.0))
# In bfloat16, where the matrix units have left little else to do, -0 stays.
RELU_OF = {"float32": RELU, "bfloat16": RELU[:1]}


class Cuts:
    """Where the pieces of an array begin: views, made once while it is the same array."""

    def __init__(self, starts: Sequence[int]) -> None:
        self._starts = starts
        self._array: Array | None = None
        self._views: list[Array] = []

    def of(self, array: Array) -> list[Array]:
        """``array`` lies in one piece, in C order or channels-last."""
        if array is not self._array:
            whole = array.flags.c_contiguous
            line = (array if whole else array.transpose(0, 2, 3, 1)).reshape(-1)
            self._views = [line[start:] for start in self._starts]
            self._array = array
        return self._views


def runtime_of(kernel: Kernel, *shapes: Shape, types: Sequence[str] = FLOAT) -> Runtime:
    """The runtime of a kernel's engine, for tensors of these shapes.

    Args:
        types: what its activations may be.

    Raises:
        Unsupported: they are something else, or a tensor is empty.
    """
    if kernel.spec.dtype not in types:
        raise Unsupported(f"oneDNN computes this in {' or '.join(types)} here")
    if any(0 in shape for shape in shapes):
        raise Unsupported("the oneDNN kernels do not take empty tensors")
    runtime: Runtime = kernel.owner.runtime  # type: ignore[attr-defined]
    return runtime


def order(tensor: Tensor, dtype: str = "float32") -> Place:
    """The host in the order that the tensor was last written in, for numbers of a type:
    elementwise kernels work there."""
    return (Place.HOST_LAST if tensor.channels_last else Place.HOST).holding(dtype)


def flat(runtime: Runtime, shape: Shape, dtype: str = "float32") -> Layout:
    """A run of numbers, for kernels to which the order does not matter."""
    return runtime.plain((math.prod(shape),), dtype)


def room(shape: Shape, dtype: str) -> Array:
    """A flat array for activations of a type."""
    kind = Place.HOST.holding(dtype).dtype(np.dtype(np.float32))
    return api.empty_bytes(math.prod(shape) * kind.itemsize).view(kind)


def deliver(runtime: Runtime, sums: Array, target: Tensor) -> None:
    """Add the gradient of a parameter, of few numbers, to those that are there."""
    total, add = target.accumulate(Place.HOST)
    mine = sums.reshape(total.shape)
    if add:
        runtime.also(np.add, total, mine, out=total)
    else:
        runtime.also(np.copyto, total, mine)
