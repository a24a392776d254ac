"""The same tensors for two engines: what CUDA computes is held against the reference kernels.

On the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import fake_cuda
import numpy as np
from numpy.testing import assert_allclose

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.reference import ReferenceEngine

REAL = os.environ.get("CAFFEPY_TEST_GPU") == "1"
ORDERS = ["plain", "last"]
# odd ones, one of a single channel, one of a single pixel, one of several blocks, one wide
SHAPES = [(2, 3, 5, 7), (3, 1, 4, 5), (2, 40, 1, 1), (2, 70, 9, 11), (1, 33, 3, 40)]


class Side:
    """An engine with tensors of its own."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.mover = engine.mover()
        self.place = engine.place

    def tensor(self, values: np.ndarray, order: str = "plain") -> Tensor:
        """A tensor that was last written on this side in that order."""
        result = self.empty(values.shape)
        result.overwrite(Place.HOST)[...] = values
        place = self.place.last if order == "last" else self.place
        result.write(place)
        return result

    def empty(self, shape: Sequence[int]) -> Tensor:
        """A tensor of what must not survive."""
        count = int(np.prod(shape))
        result = Tensor(SyncedMemory(count, np.float32, self.mover), tuple(shape))
        result.overwrite(Place.HOST)[...] = np.nan
        return result

    def array(self, values: np.ndarray) -> Any:
        """A plain array where this side computes."""
        return self.engine.xp.asarray(values)


def both(run: Callable[[Side], Sequence[Any]], rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """Run on the reference engine and on the GPU; a fake one's threads run both ways round.

    ``run`` gets a side and returns tensors and arrays, which must be equal.
    """
    wanted = [numbers(value) for value in run(Side(ReferenceEngine()))]
    engine = CudaEngine(0)
    assert wanted, "nothing to compare"
    for backwards in [False] if REAL else [False, True]:
        fake_cuda.emulator.reverse = backwards
        try:
            with engine.device.computing():
                found = [numbers(value) for value in run(Side(engine))]
        finally:
            fake_cuda.emulator.reverse = False
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_allclose(one, other, rtol, atol, err_msg=f"result {index}")
    assert REAL or fake_cuda.counts.launches, "no kernel ran"
    assert not fake_cuda.counts.stray, "work was queued on the null stream"


def numbers(value: Any) -> np.ndarray:
    """On the host."""
    if isinstance(value, Tensor):
        return value.read(Place.HOST).copy()
    return value.get() if hasattr(value, "get") else np.asarray(value)


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)
