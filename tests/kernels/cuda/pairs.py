"""The same tensors for two engines: what the GPU computes is held against the reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from support import same

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.contract import Engine, Kernel, Spec
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.reference import ReferenceEngine
from caffepy.settings import Settings

ORDERS = [Place.DEVICE, Place.DEVICE_LAST]

Pair = tuple[Tensor, Tensor]  # on the device, and on the host


class Pairs:
    """The engine on the fake device, and the reference engine."""

    def __init__(self) -> None:
        self.engine: Engine = CudaEngine(0)
        self.engine.settings = Settings.of()
        self.device = self.engine.device
        self.mover = self.engine.mover()
        self.reference = ReferenceEngine()

    def plans(self, spec: Spec) -> tuple[Kernel, Kernel]:
        """The GPU's kernel and the reference kernel."""
        return self.engine.plan(spec), self.reference.plan(spec)

    def both(self, plans: tuple[Kernel, Kernel], work: Callable[[Kernel, int], None]) -> None:
        """``work`` with each kernel and the index of its tensors in a pair."""
        with self.device.computing():
            work(plans[0], 0)
        work(plans[1], 1)

    def empty(self, shape: Sequence[int]) -> Pair:
        """Zeros that nobody has written."""
        count = int(np.prod(shape))
        return (Tensor(SyncedMemory(count, np.float32, self.mover), tuple(shape)),
                Tensor(SyncedMemory(count, np.float32), tuple(shape)))

    def twins(self, values: np.ndarray, order: Place = Place.DEVICE) -> Pair:
        """Two of the same values; the device's was last written there, in that order."""
        pair = self.empty(values.shape)
        for tensor in pair:
            tensor.overwrite(Place.HOST)[...] = values
        with self.device.computing():
            pair[0].write(order)
        self.mover.counts.clear()
        return pair

    def blanks(self, shape: Sequence[int]) -> Pair:
        """Two targets full of what must not survive."""
        return self.twins(np.full(tuple(shape), np.nan, np.float32))

    def same(self, pair: Pair) -> None:
        """Equal but for rounding, which grows with the sums that the numbers come from."""
        with self.device.computing():
            ours = pair[0].read(Place.HOST)
        wanted = pair[1].read(Place.HOST)
        same(ours, wanted, 1e-4, 1e-5 * max(1.0, float(np.abs(wanted).max())))


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)
