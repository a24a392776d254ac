"""The same tensors for two engines: what CUDA computes is held against the reference kernels.

On the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import fake_cuda
import numpy as np
from fake_cuda.halves import EPSILON, rounded
from numpy.testing import assert_allclose

from caffepy import kernels
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.core.place import HALVES
from caffepy.kernels.contract import Kernel, Spec
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.reference import ReferenceEngine
from caffepy.settings import Settings

REAL = os.environ.get("CAFFEPY_TEST_GPU") == "1"
ORDERS = ["plain", "last"]
# odd ones, one of a single channel, one of a single pixel, one of several blocks, one wide
SHAPES = [(2, 3, 5, 7), (3, 1, 4, 5), (2, 40, 1, 1), (2, 70, 9, 11), (1, 33, 3, 40)]


class HalfEngine:
    """An engine that is asked for kernels of half precision, as a layer asks."""

    def __init__(self, engine: Any, dtype: str) -> None:
        self._engine, self._dtype = engine, dtype
        self.halves = 0  # kernels of half precision

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def plan(self, spec: Spec) -> Kernel:
        kernel = kernels.plan(spec, SimpleNamespace(engines=[self._engine]), half=self._dtype)
        self.halves += kernel.spec.dtype == self._dtype
        return kernel


class Side:
    """An engine with tensors of its own; ``dtype`` is what inputs are rounded to."""

    def __init__(self, engine: Any, dtype: str = "float32") -> None:
        self.engine = engine
        self.mover = engine.mover()
        self.place = engine.place
        self.dtype = dtype

    def tensor(self, values: np.ndarray, order: str = "plain") -> Tensor:
        """A tensor that was last written on this side in that order."""
        result = self.empty(values.shape)
        result.overwrite(Place.HOST)[...] = rounded(values, self.dtype)
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


def both(run: Callable[[Side], Sequence[Any]], rtol: float = 1e-4, atol: float = 1e-5,
         roundings: int = 4, halves: bool = True) -> None:
    """Run on the reference engine and on the GPU; a fake one's threads run both ways round.

    Then again with activations in half precision, unless ``halves`` is off.

    Args:
        run: gets a side and returns tensors and arrays, which must be equal.
        roundings: how often a result and what it is made of are rounded to half precision, each
            time by half an epsilon.
    """
    wanted = [numbers(value) for value in run(Side(ReferenceEngine()))]
    engine = CudaEngine(0)
    engine.settings = Settings.of()
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
    for dtype in HALVES if halves else ():
        wanted = [numbers(value) for value in run(Side(ReferenceEngine(), dtype))]
        asked = HalfEngine(engine, dtype)
        with engine.device.computing():
            found = [numbers(value) for value in run(Side(asked, dtype))]
        assert asked.halves, "no kernel in half precision"
        bound = roundings * EPSILON[dtype] / 2
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            largest = np.abs(other[np.isfinite(other)]).max(initial=1)
            assert_allclose(one, other, bound, bound * largest, err_msg=f"{dtype}, result {index}")
    assert REAL or fake_cuda.counts.launches, "no kernel ran"
    assert not fake_cuda.counts.stray, "work was queued on the null stream"


def numbers(value: Any) -> np.ndarray:
    """On the host."""
    if isinstance(value, Tensor):
        return value.read(Place.HOST).copy()
    return value.get() if hasattr(value, "get") else np.asarray(value)


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)
