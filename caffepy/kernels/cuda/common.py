"""What the kernels of our own have in common."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.memory import HALVES, Array, Place, Shape, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.cuda.device import Device

LARGEST = 2**30  # numbers of a tensor: the kernels count them in 32 bits
BLOCKS_WANTED = 8  # for each multiprocessor, to keep it busy
ROWS_A_BLOCK, ITEMS_A_BLOCK = 128, 2048  # the least that makes another block worth while
FLOAT = np.dtype(np.float32)
COLUMNS = 2  # of half precision, for each thread
WIDTH, ROWS = 32, 8  # the threads of a block that sums columns


TYPES = ("float32", "float16", "bfloat16")  # of activations


def device_of(engine: Engine, spec: Any, *shapes: Shape, types: tuple[str, ...] = TYPES
              ) -> Device:
    """The device of a CUDA engine, for a spec whose tensors have these shapes.

    Args:
        types: what activations may be stored as.

    Raises:
        Unsupported: they are something else, or a tensor is empty or too large.
    """
    if spec.dtype not in types:
        raise Unsupported(f"the CUDA kernels take {' or '.join(types)} here")
    if not all(0 < math.prod(shape) <= LARGEST for shape in shapes):
        raise Unsupported(f"the CUDA kernels take 1 to {LARGEST} numbers")
    device: Device = engine.device  # type: ignore[attr-defined]
    return device


def order(tensor: Tensor, dtype: str = "float32") -> Place:
    """The device in the order that the tensor was last written in, for numbers of a type."""
    place = Place.DEVICE_LAST if tensor.channels_last else Place.DEVICE
    return place.holding(dtype)


def extents(shape: Shape, place: Place, axis: int, end: int) -> tuple[int, int, int]:
    """(outer, dim, inner): how many numbers lie before, along and after the axes from ``axis`` to
    ``end`` in memory. Channels-last must be asked for axis 1 alone."""
    if place.channels_last and len(shape) == 4:
        assert (axis, end) == (1, 2)
        return shape[0] * shape[2] * shape[3], shape[1], 1
    return math.prod(shape[:axis]), math.prod(shape[axis:end]), math.prod(shape[end:])


class Left:
    """What a forward leaves: the order in which x lay, and numbers in it.

    Args:
        count, dtype: of the numbers; room is made when they are first asked for.
    """

    def __init__(self, device: Device, place: Place, count: int, dtype: Any) -> None:
        self.place = place
        self._device, self._count, self._dtype = device, count, dtype

    @cached_property
    def numbers(self) -> Array:
        with self._device.computing():
            return self._device.xp.empty(self._count, self._dtype)


class Sums:
    """Two sums for each number of ``dim``, over the rest of (outer, dim, inner), in parts.

    ``parts`` is (chunks, 2, dim); whoever uses the sums adds up the chunks. The numbers summed are
    of type ``dtype``, the sums float32.
    """

    def __init__(
        self, device: Device, outer: int, dim: int, inner: int, dtype: str = "float32"
    ) -> None:
        self.device = device
        self.dtype = dtype
        self.outer, self.dim, self.inner = outer, dim, inner
        if inner == 1:
            columns = COLUMNS if dtype in HALVES and dim % COLUMNS == 0 else 1
            blocks, most = -(-dim // (WIDTH * columns)), -(-outer // ROWS_A_BLOCK)
        else:
            blocks, most = dim, -(-outer * inner // ITEMS_A_BLOCK)
        wanted = -(-device.processors * BLOCKS_WANTED // blocks)
        self.chunks = max(1, min(wanted, most, 65535))
        self.grid = (blocks, self.chunks)
        with device.computing():
            self.parts: Array = device.xp.empty((self.chunks, 2, dim), np.float32)

    def moments(self, x: Array) -> None:
        """The sums of x - x0 and of its square, x0 being the first x of each sum."""
        self._launch("moments", x)

    def products(self, dy: Array, x: Array | None, mean: Array = None, rate: Array = None) -> None:
        """The sums of dy and of dy * x; of dy * (x - mean) * rate if a mean is given."""
        self._launch("products", dy, x, mean, rate)

    def collect(
        self, first: Array | None, add_first: bool, second: Array | None = None,
        add_second: bool = False,
    ) -> None:
        """Write the two sums to arrays (None: not wanted), or add them to what is there."""
        self.device.launch("sums.collect", self.dim, self.parts, self.chunks, first, add_first,
                           second, add_second)

    def _launch(self, kernel: str, *args: Array) -> None:
        if self.inner == 1:
            self.device.launch_grid(f"sums.{kernel}_columns", self.grid, (WIDTH, ROWS), *args,
                                    self.outer, self.dim, self.parts, dtype=self.dtype)
        else:
            self.device.launch_grid(f"sums.{kernel}_planes", self.grid, 256, *args,
                                    self.outer, self.dim, self.inner, self.parts, dtype=self.dtype)
