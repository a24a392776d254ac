"""Arrays of the fake device: NumPy's arithmetic, CuPy's refusals.

An operation that CuPy lacks, or that mixes in a NumPy array, is an error here too. Whatever
makes the host wait for a value is counted, and an error during a capture.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fake_cuda import memory, streams
from fake_cuda.devices import Device
from fake_cuda.operations import UFUNCS, call, fresh, indices, into, raw, scalar, view


class ndarray:
    """A window on device memory. Only this package reaches into ``raw``."""

    __slots__ = ("__weakref__", "data", "raw")
    __array_priority__ = 100

    def __init__(self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None,
                 order: str = "C") -> None:
        kind = np.dtype(dtype)
        shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        nbytes = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        self.data = memory.alloc(nbytes) if memptr is None else memptr
        flat = self.data.view(nbytes)
        self.raw = np.ndarray(shape, kind, flat.data if nbytes else np.empty(0, np.uint8).data,
                              strides=strides, order=order)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.raw.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.raw.dtype

    @property
    def strides(self) -> tuple[int, ...]:
        return self.raw.strides

    @property
    def size(self) -> int:
        return self.raw.size

    @property
    def ndim(self) -> int:
        return self.raw.ndim

    @property
    def nbytes(self) -> int:
        return self.raw.nbytes

    @property
    def itemsize(self) -> int:
        return self.raw.itemsize

    @property
    def flags(self) -> Any:
        return self.raw.flags

    @property
    def device(self) -> Any:
        return Device(0)

    @property
    def T(self) -> ndarray:
        return view(self, self.raw.T)

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"fake.ndarray({self.raw!r})"

    # -- where the host waits -----------------------------------------------------------------

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. "
                        "Please use `.get()` to construct a NumPy array explicitly.")

    def get(self, stream: Any = None, order: str = "C", out: Any = None,
            blocking: bool = True) -> Any:
        streams.synchronize("copying to the host")
        if out is not None:
            out[...] = self.raw
            return out
        return np.array(self.raw, order="C")

    def set(self, arr: Any, stream: Any = None) -> None:
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.shape != self.shape or arr.dtype != self.dtype:
            raise ValueError(f"shape or dtype mismatch: {arr.shape} {arr.dtype} into "
                             f"{self.shape} {self.dtype}")
        streams.refuse_capture("a copy from the host")
        self.raw[...] = arr

    def item(self, *args: Any) -> Any:
        streams.synchronize("reading a number")
        return self.raw.item(*args)

    def tolist(self) -> Any:
        streams.synchronize("reading numbers")
        return self.raw.tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    # -- views and copies ------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C") -> ndarray:
        result = self.raw.reshape(*shape)
        if self.size == 0 or np.shares_memory(result, self.raw):
            return view(self, result)
        source, shape = self.raw, result.shape
        return fresh(lambda: source.reshape(shape))

    def ravel(self, order: str = "C") -> ndarray:
        return self.reshape(-1)

    def flatten(self, order: str = "C") -> ndarray:
        return self.reshape(-1).copy()

    def transpose(self, *axes: Any) -> ndarray:
        return view(self, self.raw.transpose(*axes))

    def swapaxes(self, a: int, b: int) -> ndarray:
        return view(self, self.raw.swapaxes(a, b))

    def squeeze(self, axis: Any = None) -> ndarray:
        return view(self, self.raw.squeeze(axis))

    def view(self, dtype: Any = None) -> ndarray:
        return view(self, self.raw if dtype is None else self.raw.view(dtype))

    def copy(self, order: str = "C") -> ndarray:
        source = self.raw
        return fresh(lambda: source.copy(order), order)

    def astype(self, dtype: Any, order: str = "K", casting: str | None = None,
               copy: bool = True, subok: bool | None = None) -> ndarray:
        if not copy and self.dtype == np.dtype(dtype):
            return self
        source = self.raw
        return fresh(lambda: source.astype(dtype, order="K"), "K")

    def fill(self, value: Any) -> None:
        target, number = self.raw, scalar(value)
        into(lambda: target.fill(number))

    def __getitem__(self, index: Any) -> ndarray:
        plain, advanced = indices(index)
        if not advanced:
            parts = plain if isinstance(plain, tuple) else (plain,)
            if not any(part is Ellipsis for part in parts):
                parts = (*parts, Ellipsis)  # so that a single number stays an array
            return view(self, self.raw[parts])
        source = self.raw
        return fresh(lambda: source[plain])

    def __setitem__(self, index: Any, value: Any) -> None:
        plain, _ = indices(index)
        target, source = self.raw, raw(value) if isinstance(value, ndarray) else scalar(value)
        into(lambda: operator.setitem(target, plain, source))

    # -- reductions --------------------------------------------------------------------------

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None,
            keepdims: bool = False) -> ndarray:
        return call(np.sum, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None,
             keepdims: bool = False) -> ndarray:
        return call(np.prod, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None,
             keepdims: bool = False) -> ndarray:
        return call(np.mean, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return call(np.max, self, axis=axis, out=out, keepdims=keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return call(np.min, self, axis=axis, out=out, keepdims=keepdims)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return call(np.all, self, axis=axis, out=out, keepdims=keepdims)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return call(np.any, self, axis=axis, out=out, keepdims=keepdims)

    def argmax(self, axis: Any = None, dtype: Any = None, out: Any = None,
               keepdims: bool = False) -> ndarray:
        return call(np.argmax, self, axis=axis, out=out, keepdims=keepdims)

    def argmin(self, axis: Any = None, dtype: Any = None, out: Any = None,
               keepdims: bool = False) -> ndarray:
        return call(np.argmin, self, axis=axis, out=out, keepdims=keepdims)

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> ndarray:
        return call(np.cumsum, self, axis=axis, dtype=dtype, out=out)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> ndarray:
        return call(np.clip, self, min, max, out=out)

    def argsort(self, axis: int = -1, kind: Any = None) -> ndarray:
        return call(np.argsort, self, axis=axis, kind="stable")

    def take(self, indices: Any, axis: Any = None, out: Any = None) -> ndarray:
        return call(np.take, self, indices, axis=axis, out=out)

    def repeat(self, repeats: Any, axis: Any = None) -> ndarray:
        return call(np.repeat, self, repeats, axis=axis)

    def dot(self, other: Any, out: Any = None) -> ndarray:
        streams.refuse_capture("cuBLAS through CuPy")
        return call(np.dot, self, other, out=out)

    def nonzero(self) -> tuple[ndarray, ...]:
        streams.synchronize("counting what is not zero")
        source = self.raw
        return tuple(fresh(lambda part=part: part) for part in source.nonzero())

    def __matmul__(self, other: Any) -> ndarray:
        streams.refuse_capture("cuBLAS through CuPy")
        return call(np.matmul, self, other)

    # -- NumPy's protocols ---------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or ufunc.__name__ not in UFUNCS:
            return NotImplemented
        out = kwargs.pop("out", (None,))
        return call(ufunc, *inputs, out=out[0], **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        import cupy

        own = getattr(cupy, function.__name__, None)
        return NotImplemented if own is None else own(*args, **kwargs)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {"shape": self.shape, "typestr": self.dtype.str, "version": 3,
                "strides": self.strides, "data": (self.data.ptr, False)}

    __hash__ = None  # type: ignore[assignment]


def _binary(function: Any) -> Any:
    def forward(self: ndarray, other: Any) -> Any:
        return call(function, self, other)

    def reflected(self: ndarray, other: Any) -> Any:
        return call(function, other, self)

    def inplace(self: ndarray, other: Any) -> ndarray:
        return call(function, self, other, out=self)

    return forward, reflected, inplace


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():
    _methods = _binary(_function)
    for _prefix, _method in zip(("", "r", "i"), _methods, strict=True):
        setattr(ndarray, f"__{_prefix}{_name}__", _method)

for _name, _function in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal,
}.items():
    setattr(ndarray, f"__{_name}__", _binary(_function)[0])

for _name, _function in {"neg": np.negative, "invert": np.invert, "abs": np.absolute,
                         "pos": np.positive}.items():
    setattr(ndarray, f"__{_name}__", lambda self, f=_function: call(f, self))
