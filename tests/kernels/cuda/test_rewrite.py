"""Orders and number formats change on the device, to the bit as NumPy rounds."""

from __future__ import annotations

import fake_cuda
import numpy as np
import pytest
from fake_cuda.halves import STORED, decoded, encoded, rounded
from kernels.cuda.sides import SHAPES, normal

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.core.place import HALVES, PLACES
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.cuda.mover import CudaMover
from caffepy.kernels.cuda.rewrite import RUN, rewrite

DEVICE = [place for place in PLACES if place.on_device]


@pytest.fixture
def device(fake_gpu) -> Device:
    return Device(0)


def special() -> np.ndarray:
    """Ties, both ways; numbers too large and too small; what is no number."""
    ties = 1 + np.arange(-9, 10) * 2.0**-12, 1 + np.arange(-9, 10) * 2.0**-9
    small = np.arange(-40, 41) * 2.0**-26, np.arange(-9, 10) * 1e-40
    large = np.array([65504, 65519.99, 65520, 1e6, 3.3e38, 3.4028e38, np.inf, np.nan])
    values = np.concatenate([*ties, *small, large, -large, normal((333,)) * 100])
    return values.astype(np.float32)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("dtype", HALVES)
def test_numbers_are_rounded_as_numpy_rounds(device, monkeypatch, dtype, backwards):
    monkeypatch.setattr(fake_cuda.emulator, "reverse", backwards)
    values = special()
    source, target = device.xp.asarray(values), device.xp.empty(values.size, STORED[dtype])
    rewrite(device, source, target)
    same_numbers(decoded(target.get(), dtype), rounded(values, dtype))
    back = device.xp.empty(values.size, np.float32)
    rewrite(device, target, back)
    same_numbers(back.get(), rounded(values, dtype))


def same_numbers(found: np.ndarray, expected: np.ndarray) -> None:
    numbers = ~np.isnan(expected)
    assert np.isnan(found[~numbers]).all()
    assert np.array_equal(found[numbers].view(np.uint32), expected[numbers].view(np.uint32))


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("shape", [*SHAPES, (1, 1, 1, 1), (3, 65, 8, 8)])
def test_all_ways_between_the_places_of_a_device(device, shape, dtype):
    values = rounded(normal(shape), dtype)
    mover = CudaMover(device)
    places = [place for place in DEVICE if place.half in (None, dtype)]
    for start in places:
        for end in places:
            tensor = Tensor(SyncedMemory(values.size, np.float32, mover), shape)
            tensor.overwrite(Place.HOST)[...] = values
            tensor.write(start)
            found = decoded(tensor.write(end).get(), end.half or "float32")
            assert np.array_equal(found, values), (start, end)
    assert fake_cuda.counts.stray == 0


@pytest.mark.parametrize(("dtype", "last"), [
    ("float32", True), *((dtype, last) for dtype in HALVES for last in (False, True))])
def test_a_gradient_in_half_precision_is_added_in_float32(device, dtype, last):
    shape = (5, 3, 7, RUN)
    values, before = rounded(normal(shape), dtype), normal(shape, 1)
    stored = encoded(values, dtype)
    if last:
        stored = np.ascontiguousarray(stored.transpose(0, 2, 3, 1))
    source = device.xp.asarray(stored)
    if last:
        source = source.transpose(0, 3, 1, 2)
    target = device.xp.asarray(before)
    rewrite(device, source, target, add=True)
    assert np.array_equal(target.get(), before + values)
    rewrite(device, source, target)
    assert np.array_equal(target.get(), values)


def test_the_fakes_bfloat16_is_the_upper_half_rounded():
    values = np.array([1.0, 1.00390625, 1.01171875, -2.5, 1.004], np.float32)  # two are ties
    assert rounded(values, "bfloat16").tolist() == [1.0, 1.0, 1.015625, -2.5, 1.0078125]
