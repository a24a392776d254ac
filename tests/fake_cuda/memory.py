"""Device and page-locked memory of the fake device.

Device memory is host memory between canaries, so that whoever writes beyond an allocation is
found. What is freed goes back to its pool and comes out again, filled with not-a-number: a graph
that replays into memory it does not own any more meets whoever owns it now, as on a device.
"""

from __future__ import annotations

import bisect
import contextlib
import ctypes
import sys
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fake_cuda import streams

UNIT = 512  # what a pool rounds sizes up to
GUARD = 256  # bytes of canary on each side
CANARY = 0xA5
TOTAL = 2 * 2**30  # of the whole device


class OutOfMemoryError(MemoryError):
    """As cupy.cuda.memory's own."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} "
                         f"bytes).")


class Heap:
    """All live allocations of the device, by address."""

    def __init__(self) -> None:
        self.total = TOTAL
        self.used = 0
        self.addresses: list[int] = []
        self.memories: weakref.WeakValueDictionary[int, Memory] = weakref.WeakValueDictionary()

    def find(self, ptr: int, nbytes: int = 0) -> Memory:
        """The allocation that holds ``nbytes`` from ``ptr`` on.

        Raises:
            CUDARuntimeError: none does.
        """
        index = bisect.bisect_right(self.addresses, ptr) - 1
        memory = self.memories.get(self.addresses[index]) if index >= 0 else None
        if memory is None or ptr + nbytes > memory.ptr + memory.size:
            raise streams.CUDARuntimeError(
                f"cudaErrorIllegalAddress: {nbytes} bytes at {ptr:#x} are not device memory")
        return memory


heap = Heap()


class Memory:
    """One allocation, as by cudaMalloc."""

    def __init__(self, size: int) -> None:
        if heap.used + size > heap.total:
            raise OutOfMemoryError(size, heap.used)
        self.size = size
        raw = np.full(size + 2 * GUARD + UNIT, CANARY, np.uint8)
        start = GUARD + -(raw.ctypes.data + GUARD) % UNIT
        self.raw = raw
        self.start = start
        self.bytes = raw[start : start + size]
        self.ptr = raw.ctypes.data + start
        self.device_id = 0
        heap.used += size
        bisect.insort(heap.addresses, self.ptr)
        heap.memories[self.ptr] = self

    def check(self) -> None:
        """Look whether somebody wrote beyond the ends."""
        if (self.raw[: self.start] != CANARY).any():
            raise RuntimeError("a kernel wrote before the start of an allocation")
        if (self.raw[self.start + self.size :] != CANARY).any():
            raise RuntimeError("a kernel wrote beyond the end of an allocation")

    def __del__(self) -> None:
        if hasattr(self, "ptr") and heap is not None:  # which it is when the process ends
            heap.used -= self.size
            index = bisect.bisect_left(heap.addresses, self.ptr)
            del heap.addresses[index]


class PooledMemory:
    """A part of a pool; goes back to it when nobody holds it any more."""

    def __init__(self, memory: Memory, pool: MemoryPool) -> None:
        self.memory = memory
        self.pool = pool
        self.ptr = memory.ptr
        self.size = memory.size
        self.device_id = 0

    def __del__(self) -> None:
        self.pool.give_back(self.memory)


class MemoryPointer:
    """A place in device memory, which it keeps alive."""

    def __init__(self, mem: Any, offset: int) -> None:
        self.mem = mem
        self.ptr = mem.ptr + offset
        self.device_id = 0

    def __add__(self, offset: int) -> MemoryPointer:
        return MemoryPointer(self.mem, self.ptr - self.mem.ptr + offset)

    def view(self, nbytes: int) -> np.ndarray[Any, Any]:
        """The bytes, for the fake itself."""
        return array_at(self.ptr, nbytes)

    def memset_async(self, value: int, size: int, stream: Any = None) -> None:
        target = self.view(size)
        streams.record(lambda: target.fill(value), stream)

    def copy_from_device_async(self, src: MemoryPointer, size: int, stream: Any = None) -> None:
        memcpy_async(self.ptr, src.ptr, size, DEVICE_TO_DEVICE, stream)

    def copy_from_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        memcpy_async(self.ptr, _address(mem), size, HOST_TO_DEVICE, stream)

    def copy_to_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        memcpy_async(_address(mem), self.ptr, size, DEVICE_TO_HOST, stream)


def _address(mem: Any) -> int:
    return mem if isinstance(mem, int) else mem.value


class MemoryPool:
    """Keeps what is freed and hands it out again by size."""

    def __init__(self, allocator: Any = None) -> None:
        self.free: dict[int, list[Memory]] = defaultdict(list)
        self.used = 0
        self.limit = 0

    def malloc(self, size: int) -> MemoryPointer:
        size = max(UNIT, -(-size // UNIT) * UNIT)
        if self.free[size]:
            memory = self.free[size].pop()
        else:
            if self.limit and self.total_bytes() + size > self.limit:
                raise OutOfMemoryError(size, self.total_bytes(), self.limit)
            try:
                memory = Memory(size)
            except OutOfMemoryError:
                self.free_all_blocks()
                memory = Memory(size)
        memory.bytes.fill(0xFF)  # not-a-number
        self.used += size
        return MemoryPointer(PooledMemory(memory, self), 0)

    def give_back(self, memory: Memory) -> None:
        if sys.is_finalizing():
            return
        memory.check()
        self.used -= memory.size
        if heap.memories.get(memory.ptr) is memory:  # else it is garbage itself, in a cycle
            self.free[memory.size].append(memory)

    def used_bytes(self) -> int:
        return self.used

    def free_bytes(self) -> int:
        return sum(size * len(blocks) for size, blocks in self.free.items())

    def total_bytes(self) -> int:
        return self.used + self.free_bytes()

    def free_all_blocks(self, stream: Any = None) -> None:
        self.free.clear()

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        self.limit = int(heap.total * fraction) if fraction is not None else size or 0

    def get_limit(self) -> int:
        return self.limit


default_pool = MemoryPool()
_allocator: list[Callable[[int], MemoryPointer]] = [default_pool.malloc]


def alloc(size: int) -> MemoryPointer:
    """By the current allocator."""
    return _allocator[-1](size)


def get_allocator() -> Callable[[int], MemoryPointer]:
    return _allocator[-1]


def set_allocator(allocator: Callable[[int], MemoryPointer] | None = None) -> None:
    _allocator[-1] = allocator or (lambda size: MemoryPointer(Memory(size), 0))


@contextlib.contextmanager
def using_allocator(allocator: Callable[[int], MemoryPointer] | None = None) -> Iterator[None]:
    _allocator.append(_allocator[-1])
    set_allocator(allocator)
    try:
        yield
    finally:
        _allocator.pop()


class PinnedArray(np.ndarray):  # type: ignore[type-arg]
    """CuPy's PinnedMemoryPointer has the buffer protocol, which Python alone cannot make before
    3.12; so an array plays it."""

    ptr: int


pinned: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def alloc_pinned_memory(size: int) -> PinnedArray:
    """Page-locked host memory with the buffer protocol."""
    memory = PinnedArray(size, np.uint8)  # which owns its bytes: views keep it alive
    memory[...] = 0xFF
    memory.ptr = memory.ctypes.data
    pinned[memory.ptr] = memory
    return memory


def is_pinned(ptr: int, nbytes: int) -> bool:
    """Whether a range of host memory is page-locked."""
    return any(start <= ptr and ptr + nbytes <= start + memory.nbytes
               for start, memory in list(pinned.items()))


HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT = range(5)


def memcpy_async(dst: int, src: int, size: int, kind: int, stream: Any = None) -> None:
    """cudaMemcpyAsync; to or from pageable host memory it is no work that a graph can hold."""
    target = _side(dst, size, kind in (HOST_TO_DEVICE, DEVICE_TO_DEVICE))
    source = _side(src, size, kind in (DEVICE_TO_HOST, DEVICE_TO_DEVICE))
    streams.record(lambda: np.copyto(target, source), stream)


def _side(ptr: int, nbytes: int, on_device: bool) -> np.ndarray[Any, Any]:
    if on_device:
        return array_at(ptr, nbytes)
    if streams.capturing() and not is_pinned(ptr, nbytes):
        raise streams.CUDARuntimeError(
            "cudaErrorStreamCaptureUnsupported: copying pageable memory during a capture")
    return np.frombuffer((ctypes.c_uint8 * nbytes).from_address(ptr), np.uint8)


def array_at(ptr: int, nbytes: int) -> np.ndarray[Any, Any]:
    """The bytes at an address of device memory, as the device sees them.

    Raises:
        CUDARuntimeError: they do not all lie in one live allocation.
    """
    memory = heap.find(ptr, nbytes)
    return memory.bytes[ptr - memory.ptr : ptr - memory.ptr + nbytes]


def reset() -> None:
    """A fresh device."""
    default_pool.free.clear()
    default_pool.limit = 0
    heap.total = TOTAL
    _allocator[:] = [default_pool.malloc]
