"""Pictures go up to the GPU as bytes, beside its work, and become numbers there."""

from __future__ import annotations

import math
import weakref
from itertools import cycle
from typing import Any

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of
from caffepy.kernels.cuda.device import THREADS, WAVES, Device
from caffepy.kernels.cuda.layout import channels_last
from caffepy.kernels.cuda.mover import TO_DEVICE
from caffepy.kernels.operations.transform import TransformKernel, TransformSpec
from caffepy.kernels.table import implements


class _Slot:
    """Where a batch lies on the device."""

    def __init__(self, device: Device, spec: TransformSpec) -> None:
        self.pictures = device.xp.empty(math.prod(spec.x), np.uint8)
        self.cuts = device.xp.empty((spec.x[0], 3), np.int32)
        self.steps: tuple[int, ...] = ()  # from one byte to the next along each axis
        self.filled = device.xp.cuda.Event(disable_timing=True)
        self.used = device.xp.cuda.Event(disable_timing=True)


class _Left:
    """Where the batches under way lie."""

    def __init__(self, kernel: Transform) -> None:
        device, stream = kernel.device, kernel.stream
        with device.computing(), stream:  # whose memory it is, as far as CuPy's pool reckons
            self.slots = cycle([_Slot(device, kernel.spec) for _ in range(kernel.AHEAD)])
        # the pool may give their memory away at once, while it is still written or read
        weakref.finalize(self, _wait, device, stream).atexit = False


@implements("x", "y", "mean", "scale")
class Transform(TransformKernel):
    """y = (x - mean) * scale, cut out and mirrored.

    Copies run on a stream of their own, so a batch travels while the one before is computed with.
    There are as many slots as batches under way. A slot is filled when its batch before has been
    used, and used when it is filled; the streams wait for that, not the host.
    """

    engine = "cuda"
    left: _Left | None

    def __init__(self, spec: TransformSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device = device_of(owner, spec, spec.x, spec.y)
        with device.computing():
            self.stream = device.xp.cuda.Stream(non_blocking=True)
        _, _, height, width = spec.y
        threads = -(-spec.y[1] * width // 32) * 32
        self.rows = spec.y[0] * height
        self.grid = min(self.rows, device.processors * WAVES)
        self.block = min(threads, THREADS)
        # numbers along each axis of the mean that differ
        numbers = np.broadcast_to(np.empty(spec.mean or (1, 1, 1), np.uint8), spec.x[1:])
        self.mean_steps = numbers.strides
        last = channels_last(owner.settings, device.capability, spec.dtype)
        self.place = (Place.DEVICE_LAST if last else Place.DEVICE).holding(spec.dtype)

    def begin(self, pictures: np.ndarray, cuts: np.ndarray) -> _Slot:
        if self.left is None:
            self.left = _Left(self)
        slot = next(self.left.slots)
        slot.steps = pictures.strides
        self.stream.wait_event(slot.used)
        for source, target in ((pictures, slot.pictures), (cuts, slot.cuts)):
            self.device.xp.cuda.runtime.memcpyAsync(
                target.data.ptr, source.ctypes.data, source.nbytes, TO_DEVICE, self.stream.ptr)
        slot.filled.record(self.stream)
        return slot

    def forward(self, begun: _Slot, mean: Tensor | None, y: Tensor) -> None:
        dtype = self.spec.dtype
        place = self.place
        self.device.stream.wait_event(begun.filled)
        self.device.launch_grid(
            "transform.forward", self.grid, self.block, self.rows, begun.pictures, begun.cuts,
            None if mean is None else mean.read(Place.DEVICE), y.overwrite(place), *y.shape[1:],
            *begun.steps, *self.mean_steps, self.spec.scale, place.channels_last,
            dtype=dtype)
        begun.used.record(self.device.stream)

    def release(self, begun: _Slot) -> None:
        begun.filled.synchronize()


def _wait(device: Device, copies: Any) -> None:
    """Until both streams are done."""
    copies.synchronize()
    device.synchronize()
