"""The fake ``cupy``: only what CuPy 14 has, and of that only what caffepy may use.

A name that is missing here was not looked up in CuPy's documentation yet: do so before adding it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fake_cuda import arrays, devices, emulator, memory, operations, streams
from fake_cuda.operations import call, fresh, into, raw, view

ndarray = arrays.ndarray

# name by name as in NumPy, on arrays alone
SAME = """
    all any argmax argmin argsort clip cumsum max mean min prod repeat sum take take_along_axis
    where
""".split()
VIEWS = "broadcast_to expand_dims flip moveaxis ravel reshape squeeze swapaxes transpose".split()
CUBLAS = "dot einsum matmul tensordot".split()
LISTS = "concatenate stack".split()
TYPES = """
    bool_ float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 dtype inf nan
    newaxis pi
""".split()


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return ndarray(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> ndarray:
    if isinstance(fill_value, ndarray):
        dtype = dtype or fill_value.dtype
    result = ndarray(shape, dtype or np.array(fill_value).dtype)
    result[...] = fill_value
    return result


def zeros(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 1, dtype)


def empty_like(prototype: ndarray, dtype: Any = None) -> ndarray:
    return fresh(lambda: np.full_like(prototype.raw, -1, dtype), "K")


def zeros_like(a: ndarray, dtype: Any = None) -> ndarray:
    return fresh(lambda: np.zeros_like(a.raw, dtype), "K")


def ones_like(a: ndarray, dtype: Any = None) -> ndarray:
    return fresh(lambda: np.ones_like(a.raw, dtype), "K")


def full_like(a: ndarray, fill_value: Any, dtype: Any = None) -> ndarray:
    return fresh(lambda: np.full_like(a.raw, fill_value, dtype), "K")


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> ndarray:
    if stop is None:
        start, stop = 0, start
    return fresh(lambda: np.arange(start, stop, step, dtype))


def array(obj: Any, dtype: Any = None, copy: bool = True, order: str = "K",
          subok: bool = False, ndmin: int = 0, *, blocking: bool = False) -> ndarray:
    if isinstance(obj, ndarray):
        return obj.astype(dtype or obj.dtype, copy=copy)
    if isinstance(obj, (list, tuple)) and any(isinstance(part, ndarray) for part in obj):
        return call(np.stack, *obj)
    streams.refuse_capture("a copy from the host")
    value = np.array(obj, dtype)
    if value.dtype.kind not in "?bhilqBHILQefdFD" and value.dtype.kind not in "biufc":
        raise ValueError(f"Unsupported dtype {value.dtype}")
    return fresh(lambda: value)


def asarray(a: Any, dtype: Any = None, order: str | None = None, *,
            blocking: bool = False) -> ndarray:
    return array(a, dtype, copy=False)


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    if isinstance(a, ndarray) and a.flags.c_contiguous and dtype in (None, a.dtype):
        return a
    return a.copy() if dtype is None else a.astype(dtype).copy()


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *,
            blocking: bool = True) -> Any:
    return a.get(stream, order, out) if isinstance(a, ndarray) else np.asarray(a)


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    if isinstance(src, np.ndarray):
        if src.size != 1:
            raise ValueError("non-scalar numpy.ndarray cannot be used for copyto")
        src = src.reshape(())[()]
    target, source = dst.raw, raw(src)
    mask = True if where is None else raw(where)
    into(lambda: np.copyto(target, source, casting=casting, where=mask))


def bincount(x: ndarray, weights: Any = None, minlength: int | None = None) -> ndarray:
    streams.synchronize("looking for the largest number")
    return call(np.bincount, x, weights=weights, minlength=minlength)


def nonzero(a: ndarray) -> Any:
    return a.nonzero()


def may_share_memory(a: ndarray, b: ndarray) -> bool:
    return np.may_share_memory(a.raw, b.raw)


def as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    return view(x, np.lib.stride_tricks.as_strided(x.raw, shape, strides))


def get_array_module(*args: Any) -> Any:
    import cupy

    return cupy if any(isinstance(a, ndarray) for a in args) else np


class RawKernel:
    """A function of a RawModule. ``kernel`` takes a stream, the kernel itself does not."""

    def __init__(self, program: emulator.Program, name: str) -> None:
        self.program = program
        self.name = name
        self.max_threads_per_block = 1024

    def __call__(self, grid: Any, block: Any, args: Sequence[Any], *, shared_mem: int = 0
                 ) -> None:
        self.kernel(grid, block, args, shared_mem)

    def kernel(self, grid: Any, block: Any, args: Sequence[Any], shared_mem: int = 0,
               stream: Any = None) -> None:
        """cupy.cuda.Function.__call__."""
        threads = int(np.prod(block))
        if not 0 < threads <= 1024 or 0 in grid:
            raise streams.CUDARuntimeError(
                f"CUDA_ERROR_INVALID_VALUE: grid {grid}, block {block}")
        if getattr(stream, "device", None) not in (None, streams.this_thread().device):
            raise streams.CUDARuntimeError(
                "CUDA_ERROR_INVALID_HANDLE: the stream is another device's")
        given: list[Any] = []
        bytes_kept, memories = [], []  # a graph keeps the bytes, not the right to them
        for arg in args:
            if isinstance(arg, ndarray):
                bytes_kept.append(arg.raw)
                memories.append(getattr(arg.data.mem, "memory", arg.data.mem))
                given.append(("p", arg.itemsize, arg.data.ptr))
            elif isinstance(arg, np.generic):
                given.append((arg.dtype.kind.replace("b", "u"), arg.itemsize, arg))
            elif isinstance(arg, bool):
                given.append(("u", 1, np.bool_(arg)))
            elif isinstance(arg, int):
                given.append(("i", 8, np.int64(arg)))
            elif isinstance(arg, float):
                given.append(("f", 8, np.float64(arg)))
            else:
                raise TypeError(f"Unsupported type {type(arg)}")

        def action(kept: Any = bytes_kept) -> None:
            streams.counts.launches[self.name] = streams.counts.launches.get(self.name, 0) + 1
            self.program.launch(self.name, tuple(grid), tuple(block), given)
            for owner in memories:
                owner.check()

        streams.record(action, stream)


class RawModule:
    """CUDA source, compiled for the CPU when a function of it is asked for."""

    programs: dict[tuple[str, tuple[str, ...]], emulator.Program] = {}

    def __init__(self, code: str | None = None, *, path: str | None = None,
                 options: tuple[str, ...] = (), backend: str = "nvrtc",
                 translate_cucomplex: bool = False, enable_cooperative_groups: bool = False,
                 name_expressions: Any = None, jitify: bool | None = None) -> None:
        if code is None:
            raise TypeError("the fake compiles source only")
        self.key = (code, options)

    def get_function(self, name: str) -> RawKernel:
        if self.key not in self.programs:
            self.programs[self.key] = emulator.Program(*self.key)
        program = self.programs[self.key]
        if name not in program.names:
            raise streams.CUDARuntimeError(f"CUDA_ERROR_NOT_FOUND: named symbol {name!r}")
        return RawKernel(program, name)


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        streams.refuse_capture("cuBLAS through CuPy")
        return call(function, *args, out=out, **kwargs)

    return operation


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        return call(function, *args, out=out, **kwargs)

    return operation


def _viewing(function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(a: ndarray, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(a, ndarray):
            raise TypeError(f"Unsupported type {type(a)}")
        result = function(a.raw, *args, **kwargs)
        if np.shares_memory(result, a.raw):
            return view(a, result)
        source = a.raw
        return fresh(lambda: function(source, *args, **kwargs))

    return operation


def _joining(function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(parts: Sequence[ndarray], axis: int = 0, out: Any = None) -> Any:
        inside = [raw(part) for part in parts]
        return call(lambda **settings: function(inside, axis=axis, **settings), out=out)

    return operation


def module() -> dict[str, types.ModuleType]:
    """What to put into sys.modules."""
    cupy = types.ModuleType("cupy")
    cupy.__version__ = "14.2.0"  # type: ignore[attr-defined]
    names: dict[str, Any] = {name: getattr(np, name) for name in TYPES}
    names |= {name: operations.ufunc(getattr(np, name)) for name in operations.UFUNCS}
    names |= {name: _plain(getattr(np, name)) for name in SAME}
    names |= {name: _viewing(getattr(np, name)) for name in VIEWS}
    names |= {name: _refusing(getattr(np, name)) for name in CUBLAS}
    names |= {name: _joining(getattr(np, name)) for name in LISTS}
    own = (empty, full, zeros, ones, empty_like, zeros_like, ones_like, full_like, arange, array,
           asarray, ascontiguousarray, asnumpy, copyto, bincount, nonzero,
           may_share_memory, get_array_module, ndarray, RawModule, RawKernel)
    names |= {item.__name__: item for item in own}
    names["ufunc"] = operations.ufunc
    names["get_default_memory_pool"] = lambda: memory.default_pool
    names["lib"] = types.SimpleNamespace(
        stride_tricks=types.SimpleNamespace(as_strided=as_strided))
    cupy.__dict__.update(names)

    runtime = types.ModuleType("cupy.cuda.runtime")
    runtime.__dict__.update(
        CUDARuntimeError=streams.CUDARuntimeError,
        memcpyHostToDevice=memory.HOST_TO_DEVICE, memcpyDeviceToHost=memory.DEVICE_TO_HOST,
        memcpyDeviceToDevice=memory.DEVICE_TO_DEVICE, memcpyAsync=memory.memcpy_async,
        getDeviceCount=lambda: len(devices.properties),
        getDevice=lambda: streams.this_thread().device,
        getDeviceProperties=lambda device: dict(devices.properties[device]),
        memGetInfo=lambda: devices.Device().mem_info,
        runtimeGetVersion=lambda: 13000, driverGetVersion=lambda: 13000,
        deviceSynchronize=streams.synchronize, is_hip=False,
    )
    cuda = types.ModuleType("cupy.cuda")
    inner = types.ModuleType("cupy.cuda.memory")
    inner.__dict__.update(OutOfMemoryError=memory.OutOfMemoryError,
                          MemoryPointer=memory.MemoryPointer, MemoryPool=memory.MemoryPool)
    cuda.__dict__.update(
        runtime=runtime, memory=inner, Device=devices.Device, Stream=streams.Stream,
        ExternalStream=streams.ExternalStream, Event=streams.Event, Graph=streams.Graph,
        MemoryPool=memory.MemoryPool, MemoryPointer=memory.MemoryPointer, alloc=memory.alloc,
        get_allocator=memory.get_allocator, set_allocator=memory.set_allocator,
        using_allocator=memory.using_allocator, alloc_pinned_memory=memory.alloc_pinned_memory,
        get_current_stream=streams.get_current_stream, get_elapsed_time=streams.get_elapsed_time,
        is_available=lambda: bool(devices.properties),
    )
    cupy.__dict__["cuda"] = cuda
    return {"cupy": cupy, "cupy.cuda": cuda, "cupy.cuda.runtime": runtime,
            "cupy.cuda.memory": inner}
