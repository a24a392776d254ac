"""How operations on the fake device's arrays run: at once, or as part of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fake_cuda import arrays, streams

if TYPE_CHECKING:
    from fake_cuda.arrays import ndarray

SCALARS = (bool, int, float, complex, np.generic)


def view(owner: ndarray, window: np.ndarray[Any, Any]) -> ndarray:
    """An array over the same memory."""
    result = object.__new__(arrays.ndarray)
    result.raw = window
    offset = window.__array_interface__["data"][0] - owner.data.ptr if window.size else 0
    result.data = owner.data + offset
    return result


def into(action: Callable[[], Any]) -> None:
    """Queue what changes arrays that exist."""
    streams.record(action)


def fresh(compute: Callable[[], Any], order: str = "C") -> ndarray:
    """Queue what makes a new array, which is C order in CuPy unless said otherwise.

    While a capture is under way the result holds not-a-number until the graph runs.
    """
    with np.errstate(all="ignore"):
        value = np.asarray(compute())
    result = arrays.ndarray(value.shape, value.dtype)
    if order == "K":
        like = np.empty_like(value)
        axes = sorted(range(value.ndim), key=lambda a: -like.strides[a])
        window = result.raw.reshape([value.shape[a] for a in axes]).transpose(np.argsort(axes))
        result = view(result, window)
    target = result.raw

    def action() -> None:
        with np.errstate(all="ignore"):
            target[...] = compute()

    streams.record(action)
    return result


def raw(value: Any) -> Any:
    """What NumPy computes with: an array's inside, or a scalar."""
    if isinstance(value, arrays.ndarray):
        return value.raw
    if value is None or isinstance(value, SCALARS):
        return value
    raise TypeError(f"Unsupported type {type(value)}")


def scalar(value: Any) -> Any:
    """A single number to fill an array with."""
    if isinstance(value, np.ndarray):
        if value.shape != ():
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        return value[()]
    if isinstance(value, SCALARS):
        return value
    raise TypeError(f"Unsupported type {type(value)}")


def indices(index: Any) -> tuple[Any, bool]:
    """An index for NumPy, and whether it picks by arrays (else it is a view)."""
    parts = index if isinstance(index, tuple) else (index,)
    plain, advanced = [], False
    for part in parts:
        if isinstance(part, (list, np.ndarray)):
            streams.refuse_capture("an index from the host")
            part, advanced = np.asarray(part), True
        elif isinstance(part, arrays.ndarray):
            if part.dtype == np.bool_:
                streams.synchronize("counting a mask")
            part, advanced = part.raw, True
        plain.append(part)
    return tuple(plain), advanced


def call(function: Callable[..., Any], *args: Any, out: Any = None, **kwargs: Any) -> Any:
    """A NumPy function on insides, into a new array or into ``out``."""
    inside = [raw(a) for a in args]
    settings = {k: raw(v) if isinstance(v, arrays.ndarray) else v for k, v in kwargs.items()
                if v is not None}
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        return fresh(lambda: function(*inside, **settings))
    if not isinstance(out, arrays.ndarray):
        raise TypeError(f"Unsupported type {type(out)}")
    target = out.raw

    def action() -> None:
        with np.errstate(all="ignore"):
            function(*inside, out=target, **settings)

    into(action)
    return out


UFUNCS = frozenset("""
    abs absolute add ceil copysign cos divide equal exp expm1 floor floor_divide fmax fmin greater
    greater_equal isfinite isinf isnan less less_equal log log1p logical_and logical_not logical_or
    maximum minimum multiply negative not_equal positive power reciprocal remainder rint sign sin
    sqrt square subtract tanh true_divide trunc bitwise_and bitwise_or bitwise_xor invert
""".split())


class ufunc:
    """cupy.ufunc: elementwise on arrays and scalars, never on NumPy arrays."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, *args: Any, out: Any = None, dtype: Any = None, casting: Any = None,
                 where: Any = None) -> Any:
        nin = self.function.nin
        if len(args) > nin:
            args, out = args[:nin], args[nin]
        return call(self.function, *args, out=out, dtype=dtype, where=where)

    def at(self, array: ndarray, where: Any, values: Any = None) -> None:
        plain, _ = indices(where)
        target, source, function = array.raw, raw(values), self.function
        into(lambda: function.at(target, plain, source))
