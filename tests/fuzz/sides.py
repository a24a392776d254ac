"""One run of a case: by some engines, in a number type, on the numbers as given or shaken.

The truth is the reference kernels' in float64. Shaken, all numbers that are not whole are rounded
at random in their last bits: what that changes in the truth is what rounding may change in float32.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caffepy import kernels
from caffepy.core.memory import Place, SyncedMemory, Tensor, bfloat16
from caffepy.kernels.contract import Kernel, Spec, Unsupported
from caffepy.kernels.tuning import Choices
from fuzz.draw import Given

Array = np.ndarray
REFERENCE = "reference"


class Shake:
    """Another last bit or two for every number; equal numbers stay equal, whole ones whole."""

    SIZE = 2.0**-22  # relative: two units of float32's last place

    def __init__(self, trial: int) -> None:
        self.trial = np.uint32(2654435761 * (trial + 1) % 2**32)

    def __call__(self, values: Array) -> Array:
        exact = np.asarray(values, np.float64)
        with np.errstate(over="ignore"):
            bits = (exact.astype(np.float32).view(np.uint32) ^ self.trial) * np.uint32(0x9E3779B1)
            bits ^= bits >> np.uint32(15)
            bits *= np.uint32(0x85EBCA6B)
        noise = (bits >> np.uint32(8)) / 2.0**23 - 1
        return np.where(exact == np.floor(exact), exact, exact * (1 + self.SIZE * noise))


@functools.cache
def engine(name: str, threads: int) -> Any:
    return kernels.engine(name, threads)


class Side:
    """What a case plays on, and what was seen.

    Attributes:
        names: engines, the fastest first; ``is_truth`` if it is the reference in float64.
        half: "bfloat16": all given numbers are such, and ours are stored so where an engine can.
        seen: name to numbers, float64, in the order of ``note``.
        sizes: by the same name, the size of terms that cancel in exact arithmetic but not in
            rounded: see ``note``.
    """

    def __init__(self, names: Sequence[str], dtype: Any, threads: int = 1,
                 shake: Shake | None = None, half: str | None = None) -> None:
        self.names = tuple(dict.fromkeys((*names, REFERENCE)))
        self.dtype, self.threads, self.shake = np.dtype(dtype), threads, shake
        self.is_truth = self.dtype == np.float64
        self.half = half
        self.seen: dict[str, Array] = {}
        self.sizes: dict[str, Array | float] = {}
        self.mover = engine(self.names[0], threads).mover()

    # -- kernels ------------------------------------------------------------------------------

    def plan(self, spec: Spec, way: int | None = None) -> Any:
        """The first engine's kernel that can do it; ``way`` picks one of its several ways."""
        stored = [self.half] if self.half and not self.is_truth else []
        for dtype in (*stored, self.dtype.name):
            wanted = replace(spec, dtype=dtype)  # type: ignore[call-arg]
            for name in self.names:
                with contextlib.suppress(Unsupported):
                    kernel = engine(name, self.threads).plan(wanted)
                    return kernel if way is None else _going(kernel, way)
        raise AssertionError(f"no engine has {spec}")

    def array(self, values: Array) -> Array:
        """Numbers of this side's type."""
        if self.half:
            values = bfloat16.widened(bfloat16.rounded(values))
        return np.asarray(self.shake(values) if self.shake else values, self.dtype).copy()

    def tensor(self, given: Given | Array) -> Tensor:
        """A tensor that was last written in the order that the numbers are given in."""
        values, last, start = given if isinstance(given, Given) else Given(given)
        tensor = self.empty(values.shape)
        if start:
            room = np.empty(values.size + start, self.dtype)
            tensor.memory.adopt(Place.HOST, room[start:])
        tensor.overwrite(Place.HOST_LAST if last else Place.HOST)[...] = self.array(values)
        return tensor

    def empty(self, shape: Sequence[int]) -> Tensor:
        """A gradient known to be zero."""
        return Tensor(SyncedMemory(math.prod(shape), self.dtype, self.mover), tuple(shape))

    def blank(self, shape: Sequence[int]) -> Tensor:
        """A target full of what must not survive."""
        return self.tensor(np.full(shape, np.nan, np.float32))

    def note(self, name: str, value: Tensor | Array | float, size: Array | float = 0.0) -> None:
        """Keep what was computed.

        Args:
            size: of terms that leave nothing when they are added up exactly, so that shaken
                numbers do not show what rounding leaves of them.
        """
        if isinstance(value, Tensor):
            value = value.read(Place.HOST)
        name = f"{len(self.seen)} {name}"
        self.seen[name] = np.array(value, np.float64)
        self.sizes[name] = size


def _going(kernel: Kernel, way: int) -> Kernel:
    """The kernel, or one that goes another way in each direction that has several."""
    inner = getattr(kernel, "inner", kernel)
    found = inner.candidates()
    if not found:
        return kernel
    ways = {direction: names[way // 7**i % len(names)]
            for i, (direction, names) in enumerate(found.items())}
    owner = copy.copy(kernel.owner)
    owner.choices = Choices({repr(inner.spec): ways})
    return owner.plan(kernel.spec)


@contextlib.contextmanager
def knobs(settings: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """Module constants at other values, so that small shapes go the ways of large ones."""
    before = [getattr(module, name) for module, name, _ in settings]
    try:
        for module, name, value in settings:
            setattr(module, name, value)
        yield
    finally:
        for (module, name, _), value in zip(settings, before, strict=True):
            setattr(module, name, value)
