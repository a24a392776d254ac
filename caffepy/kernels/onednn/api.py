"""The small parts of oneDNN's C interface: its numbers, errors, layouts and bound memory.

Whatever oneDNN creates is destroyed with the Python object that holds it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_int64, c_void_p
from typing import Any

import numpy as np

from caffepy.core.memory import ALIGNMENT
from caffepy.errors import DeviceError
from caffepy.kernels.onednn.library import Library

Array = np.ndarray[Any, Any]

# Numbers of dnnl_types.h, part of the stable C interface.
STATUS = ("success", "out of memory", "invalid arguments", "unimplemented", "no further "
          "implementation", "runtime error", "not required", "invalid graph", "invalid graph op",
          "invalid shape", "invalid data type")
CPU, IN_ORDER, ANY_TAG, STRICT, USER_SCRATCH, MAX_NDIMS = 1, 1, 1, 0, 1, 12
DATA_TYPES = {"float16": 1, "bfloat16": 2, "float32": 3, "int32": 4, "int8": 5, "uint8": 6}
WITH_BFLOAT16 = 0x80  # of an instruction set: the bit that AVX512_BF16 and what is above it have
WITH_VNNI = 0x40 | 0x08  # those of AVX512_VNNI and of AVX_VNNI
TRAINING, INFERENCE, BACKWARD, BACKWARD_DATA = 64, 96, 128, 160
QUERY_IMPLEMENTATION, QUERY_SCRATCHPAD, QUERY_ARGUMENT = 8, 136, 255
QUERY_NDIMS, QUERY_STRIDES = 256, 14
QUERY_INNER_COUNT, QUERY_INNER_BLOCKS, QUERY_INNER_AXES = 263, 264, 265
SCALE, SHIFT, DIFF_SCALE, DIFF_SHIFT = 51, 52, 255, 256
SRC, SRC_1, DST, WEIGHTS, BIAS, MEAN, VARIANCE, WORKSPACE, SCRATCHPAD = (
    1, 2, 17, 33, 41, 49, 50, 64, 80)
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS, MULTIPLE_SRC = 129, 145, 161, 169, 1024
SCALES = 4096  # with an argument's number: what that argument is multiplied with
RELU, SQUARE, SQRT, LINEAR, EXP, LOG, POW, HARDSWISH = (
    0x20, 0x23, 0x25, 0x26, 0x2A, 0x2D, 0x30, 0x34)
DIRECT, MAX_POOL, MEAN_OF_WINDOW, MEAN_OF_INSIDE, LRN_ACROSS, SOFTMAX = (
    1, 0x1FF, 0x2FF, 0x3FF, 0xAFF, 0x30000)
ADD, MUL, MAX, MIN, DIV, SUB = 0x1FFF0, 0x1FFF1, 0x1FFF2, 0x1FFF3, 0x1FFF4, 0x1FFF5


def post_op_argument(index: int) -> int:
    """The argument number of the second source of the binary post-op at ``index``."""
    return 32768 * (index + 1) | SRC_1


class OneDnnError(DeviceError):
    """oneDNN refused something that it should have done; ``status`` is its reason."""

    def __init__(self, what: str, status: int) -> None:
        self.status = STATUS[status] if 0 <= status < len(STATUS) else f"status {status}"
        super().__init__(f"oneDNN failed to {what}", found=self.status)


def check(status: int, what: str) -> None:
    """Raise what a status other than success means."""
    if status:
        raise OneDnnError(what, status)


def empty_bytes(size: int) -> Array:
    """Uninitialised memory, aligned to a cache line."""
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]


def dims(values: Sequence[int]) -> ctypes.Array[c_int64]:
    """oneDNN's dnnl_dims_t."""
    return (c_int64 * MAX_NDIMS)(*values)


class Held:
    """Base of what must be destroyed. ``ref`` is the C pointer, ready to be an argument."""

    __slots__ = ("_destroy", "ref")

    def __init__(self, ref: c_void_p, destroy: Any) -> None:
        self.ref = ref
        self._destroy = destroy

    def __del__(self) -> None:
        self._destroy(self.ref)


class Layout(Held):
    """How a tensor lies in memory (dnnl_memory_desc)."""

    __slots__ = ("_library", "nbytes")

    def __init__(self, library: Library, ref: c_void_p) -> None:
        super().__init__(ref, library.memory_desc_destroy)
        self._library = library
        self.nbytes: int = library.memory_desc_get_size(ref)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layout) and bool(
            self._library.memory_desc_equal(self.ref, other.ref)
        )

    __hash__ = None  # type: ignore[assignment]

    def _numbers(self, what: int, count: int) -> list[int]:
        pointer = ctypes.POINTER(c_int64)()
        check(self._library.memory_desc_query(self.ref, what, byref(pointer)), "ask a layout")
        return pointer[:count]

    def __str__(self) -> str:
        """oneDNN's format tag, such as acdb (channels-last) or Acdb8a; 0 if there is none."""
        if not self.nbytes:
            return "0"
        ndims, inner = c_int(), c_int()
        check(self._library.memory_desc_query(self.ref, QUERY_NDIMS, byref(ndims)), "ask")
        check(self._library.memory_desc_query(self.ref, QUERY_INNER_COUNT, byref(inner)), "ask")
        strides = self._numbers(QUERY_STRIDES, ndims.value)
        blocks = self._numbers(QUERY_INNER_BLOCKS, inner.value)
        axes = self._numbers(QUERY_INNER_AXES, inner.value)
        order = sorted(range(ndims.value), key=lambda axis: -strides[axis])
        outer = "".join(chr(ord("A" if axis in axes else "a") + axis) for axis in order)
        return outer + "".join(f"{n}{chr(ord('a') + a)}" for n, a in zip(blocks, axes, strict=True))


class Memory(Held):
    """A dnnl_memory on whatever array was bound last; it keeps that array alive."""

    __slots__ = ("_move", "array")

    def __init__(self, library: Library, engine: Held, layout: Layout,
                 array: Array | None = None) -> None:
        ref = c_void_p()
        # a null handle: bound before the first run
        check(library.memory_create(byref(ref), layout.ref, engine.ref, None), "bind")
        super().__init__(ref, library.memory_destroy)
        self._move = library.memory_set_data_handle
        self.array: Array | None = None
        if array is not None:
            self.bind(array)

    def bind(self, array: Array) -> None:
        """Look at this array from now on."""
        check(self._move(self.ref, address(array)), "bind an array")
        self.array = array


def address(array: Array) -> int:
    """Where an array begins."""
    start: int = array.__array_interface__["data"][0]
    return start


class Address:
    """Remembers where an array lies, since asking costs more than comparing."""

    __slots__ = ("_array", "_value")

    def __init__(self) -> None:
        self._array: Array | None = None
        self._value = 0

    def of(self, array: Array) -> int:
        if array is not self._array:
            self._value = address(array)
            self._array = array
        return self._value


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of C order, in elements."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * size)
    return tuple(reversed(strides))
