"""Copies between host and device."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from caffepy.core.memory import Array, Mover, Place
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.cuda.rewrite import rewrite

TO_DEVICE, TO_HOST = 1, 2  # cudaMemcpyKind
STAGED = 4 * 2**20  # bytes; what is larger is not copied twice
STAGES = 16  # copies under way at once, of a size


class CudaMover(Mover):
    """A mover for one device.

    A copy to the device is queued and does not wait, yet the host's array may be changed at once:
    the numbers are set aside first. A copy to the host waits for all that was queued before.
    """

    def __init__(self, device: Device) -> None:
        super().__init__()
        self.device = device
        self._stages: list[_Stage] = []

    def zeros(self, place: Place, count: int, dtype: np.dtype[Any]) -> Array:
        """See Mover.zeros; the host's room is page-locked, which copies need to be fast."""
        xp = self.device.xp
        if place.on_device:
            with self.device.computing():
                return xp.zeros(count, place.dtype(dtype))
        # from any thread, also one for whose batch the one that computes just waits
        with xp.cuda.Device(self.device.index):
            dtype = place.dtype(dtype)
            array = np.frombuffer(xp.cuda.alloc_pinned_memory(max(1, count * dtype.itemsize)),
                                  dtype, count)
        array[:] = 0
        return array

    def transfer(self, source: Array, target: Array) -> None:
        """See Mover.transfer."""
        if source.nbytes == 0:
            return
        with self.computing():
            self._transfer(source, target)

    def _transfer(self, source: Array, target: Array) -> None:
        if not isinstance(source, np.ndarray):
            self._copy(target.ctypes.data, source.data.ptr, source.nbytes, TO_HOST)
            self.device.synchronize()
        elif source.nbytes <= STAGED:
            stage = self._stage(source.nbytes)
            stage.room[: source.nbytes] = source.view(np.uint8)
            self._copy(target.data.ptr, stage.room.ctypes.data, source.nbytes, TO_DEVICE)
            stage.done.record(self.device.stream)
        else:
            self._copy(target.data.ptr, source.ctypes.data, source.nbytes, TO_DEVICE)
            self.device.synchronize()

    def rewrite(self, source: Array, target: Array) -> None:
        """See Mover.rewrite."""
        if isinstance(source, np.ndarray):
            super().rewrite(source, target)
        else:
            with self.computing():
                rewrite(self.device, source, target)

    def computing(self) -> contextlib.AbstractContextManager[Any]:
        """See Mover.computing."""
        return self.device.computing()

    def synchronize(self) -> None:
        """See Mover.synchronize."""
        self.device.synchronize()

    def _copy(self, target: int, source: int, nbytes: int, kind: int) -> None:
        runtime = self.device.xp.cuda.runtime
        runtime.memcpyAsync(target, source, nbytes, kind, self.device.stream.ptr)

    def _stage(self, nbytes: int) -> _Stage:
        """Page-locked room that no copy is reading any more."""
        fitting = [stage for stage in self._stages if stage.room.nbytes >= nbytes]
        free = next((stage for stage in fitting if stage.done.done), None)
        if free is None and len(fitting) < STAGES:
            free = _Stage(self.device, nbytes)
            self._stages.append(free)
        elif free is None:  # the device is far behind
            free = fitting[0]
            free.done.synchronize()
        self._stages.remove(free)
        self._stages.append(free)  # so that the first is the one that was used longest ago
        return free


class _Stage:
    """Page-locked room for numbers on their way to the device."""

    def __init__(self, device: Device, nbytes: int) -> None:
        size = 1 << max(12, (nbytes - 1).bit_length())  # few sizes, so that rooms are met again
        with device.computing():
            self.room = np.frombuffer(device.xp.cuda.alloc_pinned_memory(size), np.uint8, size)
            self.done = device.xp.cuda.Event(disable_timing=True)
