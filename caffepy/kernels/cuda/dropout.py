"""Dropout (Srivastava et al. 2014), with the same draws as on the CPU."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of, order
from caffepy.kernels.cuda.device import THREADS, WAVES, Device
from caffepy.kernels.operations.dropout import DropoutKernel, DropoutSpec
from caffepy.kernels.table import implements

DRAWS = 16  # that one counter gives


class _Left:
    """The mask of ``count`` numbers, and where the draws of the next forward are."""

    def __init__(self, device: Device, count: int, place: Place) -> None:
        self.place = place  # the order that x lay in
        self.next: int | None = None  # the position on the device, when what was queued is done
        with device.computing():
            self.state = device.xp.zeros(2, np.uint64)
            self.kept = device.xp.empty(count, np.uint8)


@implements("shape", "ratio", "kept")
class Dropout(DropoutKernel):
    """y = x * mask, dx = dy * mask.

    The generator's position lies on the device, where each forward moves it on by one, so that
    a recorded one draws anew at each replay.
    """

    engine = "cuda"
    left: _Left | None

    def __init__(self, spec: DropoutSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self.device = device_of(owner, spec, spec.shape)
        self.count = math.prod(spec.shape)

    def _leaving(self) -> _Left:
        if self.left is None:
            self.left = _Left(self.device, self.count, Place.DEVICE.holding(self.spec.dtype))
        return self.left

    def seek(self, generator: np.random.Generator) -> None:
        self._seek(int(_state(generator)["counter"][2]))

    def _seek(self, position: int) -> None:
        left = self._leaving()
        if position != left.next:
            self.device.launch_grid("dropout.seek", 1, 1, left.state, np.uint64(position))
        left.next = position + 1

    def forward(self, x: Tensor, y: Tensor, generator: np.random.Generator) -> None:
        drawn, left = _state(generator), self._leaving()
        _, _, position, rank = drawn["counter"]
        if not self.device.capturing:  # else the position is set before each replay
            self._seek(int(position))
        place, dtype = order(x, self.spec.dtype), self.spec.dtype
        left.place = place
        xs, ys = x.read(place), y.overwrite(place)
        args = (self.count, xs, ys, left.kept, left.state, rank, *drawn["key"],
                np.uint32(self.threshold), self.rate)
        if place.channels_last:
            _, channels, height, width = x.shape
            self.device.launch("dropout.forward_last", *args, channels, height * width,
                               dtype=dtype)
        else:
            blocks = -(-self.count // (THREADS * DRAWS))
            self.device.launch_grid("dropout.forward", min(blocks, self.device.processors * WAVES),
                                    THREADS, *args, dtype=dtype)

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        left = self._leaving()
        dys = dy.read(left.place)
        self.device.launch("dropout.backward", self.count, dys, left.kept, self.rate,
                           dx.overwrite(left.place), dtype=self.spec.dtype, packed=True)


def _state(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """The counter (block, 0, position, rank) and the key; see Context.generator."""
    state: dict[str, np.ndarray] = generator.bit_generator.state["state"]
    return state
