"""Blob: values and their gradients, of one shape."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from caffepy.core.memory import Mover, Place, Shape, SyncedMemory, Tensor
from caffepy.errors import ConfigError, ShapeError

MAX_AXES = 32
MAX_COUNT = 2**40  # numbers; more is a mistyped prototxt or a damaged file, never a net


class NotAssignable(ConfigError, TypeError, AttributeError):
    """Something put where a blob's numbers are meant to be written into the blob.

    Boost.Python raised a TypeError for an item, an AttributeError for an attribute.
    """


class Blob:
    """What layers pass to each other: an N-dimensional array of values and one of gradients.

    Inside, layers use the tensors ``values`` and ``grads``. ``data`` and ``diff`` are the Python
    door, with pycaffe's meaning: writable C-order views that stay valid while they are held.
    """

    __slots__ = ("__dict__", "dtype", "grads", "values")  # the first for what scripts hang on

    def __init__(
        self, shape: Shape = (0,), dtype: Any = np.float32, mover: Mover | None = None
    ) -> None:
        self.dtype = np.dtype(dtype)
        shape = _checked(shape)
        count = math.prod(shape)
        self.values = Tensor(SyncedMemory(count, dtype, mover), shape)
        self.grads = Tensor(SyncedMemory(count, dtype, mover), shape)

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The values as a writable host array of ``shape``."""
        return self.values.memory.door(self.values.shape)

    @data.setter
    def data(self, array: Any) -> None:
        _refuse(self.data, array, "data")

    @property
    def diff(self) -> np.ndarray[Any, Any]:
        """The gradients as a writable host array of ``shape``."""
        return self.grads.memory.door(self.grads.shape)

    @diff.setter
    def diff(self, array: Any) -> None:
        _refuse(self.diff, array, "diff")

    @property
    def _gpu_data_ptr(self) -> int:
        """The values' address on the GPU, to be read or written by a kernel of one's own.

        Raises:
            DeviceError: the blob lives on the CPU.
        """
        return _address(self.values)

    @property
    def _gpu_diff_ptr(self) -> int:
        """The same for the gradients."""
        return _address(self.grads)

    @property
    def shape(self) -> Shape:
        return self.values.shape

    @property
    def ndim(self) -> int:
        return len(self.values.shape)

    @property
    def count(self) -> int:
        """The number of values."""
        return self.values.count

    @property
    def num(self) -> int:
        """The first of the legacy four axes (1 where the shape has fewer)."""
        return self.legacy_axis(0)

    @property
    def channels(self) -> int:
        return self.legacy_axis(1)

    @property
    def height(self) -> int:
        return self.legacy_axis(2)

    @property
    def width(self) -> int:
        return self.legacy_axis(3)

    def legacy_axis(self, axis: int) -> int:
        """Axis of a blob of at most four axes, as if trailing ones were there."""
        if self.ndim > 4:
            raise ShapeError("num, channels, height and width exist for blobs of at most 4 axes",
                             found=f"shape {self.shape}", fix="Use shape instead.")
        return self.shape[axis] if axis < self.ndim else 1

    def axis(self, index: int) -> int:
        """A non-negative axis for one that may count from the end.

        Raises:
            ShapeError: there is no such axis.
        """
        if not -self.ndim <= index < self.ndim:
            raise ShapeError(f"axis {index} does not exist", found=f"shape {self.shape}")
        return index % self.ndim

    def count_from(self, start: int, end: int | None = None) -> int:
        """The product of the axes from ``start`` up to ``end``."""
        return math.prod(self.shape[start:end])

    def reshape(self, *dims: Any) -> None:
        """Take another shape, given as ``reshape(2, 3)`` or ``reshape((2, 3))``.

        Room is kept when it suffices. Blobs that share this memory keep their own shape.
        """
        if len(dims) == 1 and not isinstance(dims[0], (int, np.integer)):
            dims = tuple(dims[0])
        shape = tuple(int(d) for d in dims)
        if shape != self.values.shape:
            shape = _checked(shape)
            self.values.reshape(shape)
            self.grads.reshape(shape)

    def reshape_like(self, other: Blob) -> None:
        """Take the other blob's shape."""
        self.reshape(*other.shape)

    def share_values(self, other: Blob) -> None:
        """Use the other blob's values as one's own (equal counts; shapes may differ)."""
        self._check_count(other)
        self.values.share(other.values)

    def share_grads(self, other: Blob) -> None:
        """Use the other blob's gradients as one's own (equal counts; shapes may differ)."""
        self._check_count(other)
        self.grads.share(other.grads)

    def _check_count(self, other: Blob) -> None:
        if self.count != other.count:
            raise ShapeError("blobs that share memory must hold equally many numbers",
                             found=f"shapes {self.shape} and {other.shape}")

    def __repr__(self) -> str:
        return f"Blob({', '.join(map(str, self.shape))})"


class BlobVec(list[Blob]):
    """A layer's parameters. Its blobs stay; numbers are written into them.

    Args:
        layer: whose they are; makes new ones.
    """

    def __init__(self, blobs: Iterable[Blob] = (), layer: Any = None) -> None:
        super().__init__(blobs)
        # circles would keep a deleted net's memory
        self._layer = None if layer is None else weakref.proxy(layer)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise NotAssignable(
            "parameters are not replaced, their numbers are", where=f"blobs[{index!r}] = ...",
            found=type(value).__name__, fix=f"Write blobs[{index!r}].data[...] = array.")

    def add_blob(self, *shape: Any) -> Blob:
        """Make the next parameter blob: ``add_blob(10, 20)`` or ``add_blob((10, 20))``."""
        if len(shape) == 1 and not hasattr(shape[0], "__index__"):
            shape = tuple(shape[0])
        shape = tuple(int(n) for n in shape)
        if self._layer is None:
            self.append(Blob(shape))
        else:
            self._layer.add_blob(shape)
        return self[-1]


def _refuse(view: np.ndarray[Any, Any], array: Any, what: str) -> None:
    """Refuse ``blob.data = array``. ``blob.data *= 2`` multiplies the numbers and then assigns the
    view itself: that is let through."""
    if isinstance(array, np.ndarray) and array.shape == view.shape and (
            array.__array_interface__["data"] == view.__array_interface__["data"]
            and array.strides == view.strides and array.dtype == view.dtype):
        return
    raise NotAssignable(f"a blob's {what} is not replaced, its numbers are",
                        found=type(array).__name__, fix=f"Write blob.{what}[...] = array.")


def _address(tensor: Tensor) -> int:
    """On the device, when all that was queued to write there is done."""
    mover = tensor.memory.mover
    with mover.computing():
        array = tensor.write(Place.DEVICE)
    mover.synchronize()
    return int(array.data.ptr)


def _checked(shape: Shape) -> Shape:
    if len(shape) > MAX_AXES:
        raise ShapeError(f"a blob has at most {MAX_AXES} axes", found=len(shape))
    if any(d < 0 for d in shape):
        raise ShapeError("a blob's axes are not negative", found=f"shape {shape}")
    if math.prod(shape) > MAX_COUNT:
        raise ShapeError("a blob of this size cannot be meant", found=f"shape {shape}")
    return tuple(shape)


def shape_text(shape: Shape) -> str:
    """The original's way to print a shape: ``64 1 28 28 (50176)``."""
    return "".join(f"{d} " for d in shape) + f"({math.prod(shape)})"
