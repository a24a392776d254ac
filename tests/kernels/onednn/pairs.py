"""The same tensors for two engines: what oneDNN computes is held against the reference kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.contract import Kernel, Spec, Unsupported
from caffepy.kernels.reference import ReferenceEngine

ORDERS = [Place.HOST, Place.HOST_LAST]


@cache
def onednn():
    """The engine; tests are skipped where the library is missing."""
    from caffepy.kernels.onednn import OneDnnEngine

    try:
        return OneDnnEngine()
    except Unsupported as missing:
        pytest.skip(str(missing))


def plans(spec: Spec) -> tuple[Kernel, Kernel]:
    """oneDNN's kernel and the reference kernel."""
    return onednn().plan(spec), ReferenceEngine().plan(spec)


def tensor(values: np.ndarray, order: Place = Place.HOST) -> Tensor:
    """A tensor that was last written in that order."""
    result = empty(values.shape)
    result.overwrite(order)[...] = values
    return result


def empty(shape: Sequence[int]) -> Tensor:
    return Tensor(SyncedMemory(int(np.prod(shape)), np.float32, onednn().mover()), tuple(shape))


def twins(values: np.ndarray, order: Place = Place.HOST) -> tuple[Tensor, Tensor]:
    return tensor(values, order), tensor(values, order)


def blanks(shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Two targets full of what must not survive."""
    return twins(np.full(shape, np.nan, np.float32))


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)


def same(pair: tuple[Tensor, Tensor]) -> None:
    """Sums of many terms of either sign are as exact as their terms, not as the rest: hence the
    absolute tolerance grows with the largest value."""
    ours, expected = (t.read(Place.HOST) for t in pair)
    assert_allclose(ours, expected, rtol=1e-4, atol=1e-5 * max(1, np.abs(expected).max()))
