"""LRN on oneDNN: both regions, oneDNN's own forward and ours, in one piece and in several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from kernels.onednn.pairs import ORDERS, blanks, normal, plans, same, tensor, twins

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.onednn import lrn
from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.reference import ReferenceEngine

SHAPES = [(2, 20, 7, 7), (1, 1, 4, 4), (3, 3, 5, 2), (2, 8, 1, 1), (2, 70, 6, 6), (2, 150, 3, 3)]
SETTINGS = [(5, 1.0, 0.75, 1.0), (3, 5e-2, 0.75, 2.0), (9, 0.3, 0.5, 1.0)]


def compare(spec, order, ours_alone=False):
    """``ours_alone``: oneDNN's own kernels, which differ between processors, stay out of it."""
    ours, theirs = plans(spec)
    if ours_alone:
        ours._own = None
    x, dy = twins(normal(spec.shape) * 3, order), twins(normal(spec.shape, 1), order)
    y, dx = blanks(spec.shape), blanks(spec.shape)
    for i, kernel in enumerate((ours, theirs)):
        for _ in range(2):
            kernel.forward(x[i], y[i])
            kernel.backward(x[i], y[i], dy[i], dx[i])
    same(y)
    same(dx)
    return ours


@pytest.mark.parametrize("order", ORDERS, ids=["C order", "channels-last"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("region", ["across", "within"])
def test_equals_the_reference(region, shape, settings, order):
    compare(LRNSpec(region, shape, *settings), order)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_our_own_kernels_equal_the_reference(shape, settings):
    compare(LRNSpec("across", shape, *settings), Place.HOST_LAST, ours_alone=True)


def test_a_window_of_one():
    """oneDNN 3.2 ends the process when asked for its backward."""
    compare(LRNSpec("across", (2, 20, 5, 5), 1, 1.0, 0.75, 1.0), Place.HOST_LAST)


@pytest.mark.parametrize("channels", [15, 16, 17, 20, 24, 31, 32, 33, 47, 50, 100])
@pytest.mark.parametrize("size", [3, 5, 7, 9, 15, 17])
def test_wide_windows_over_channels_that_are_left_over(size, channels):
    """With AVX-512, oneDNN 3.2's gradient is wrong from a window of 7 on."""
    kernel = compare(LRNSpec("across", (2, channels, 3, 2), size, 2.0 * size, 0.75, 1.0),
                     Place.HOST)
    if "avx512" in kernel.detail and size < 17:
        padded = size >= 7 and channels > 16 and channels % 16 > 0
        assert ("padded" in kernel.detail) == padded, "fast where it is right, and nowhere else"
        assert "banded" not in kernel.detail


@pytest.mark.parametrize("k", [0.0, 1e-30])
def test_a_scale_that_added_channels_would_not_survive(k):
    """The power of a scale of k alone is no finite number; every channel here sees another one, but
    an added one would not."""
    spec = LRNSpec("across", (2, 20, 3, 2), 7, 1.0, 0.75, k)
    x = normal(spec.shape)
    x[:, 17:] = 0
    kernels, y, dx = plans(spec), blanks(spec.shape), blanks(spec.shape)
    for i, kernel in enumerate(kernels):
        kernel.forward(tensor(x), y[i])
        kernel.backward(tensor(x), y[i], tensor(normal(spec.shape, 1)), dx[i])
    same(y)
    same(dx)


@pytest.mark.parametrize("region, shape", [("across", (3, 20, 5, 5)), ("within", (3, 20, 5, 5)),
                                           ("across", (1, 8, 13, 1))])
def test_in_pieces(region, shape, monkeypatch):
    """As many as a large blob is cut into; the last one is smaller."""
    monkeypatch.setattr(lrn, "PIECE", 1000 if region == "within" else 40)
    kernel = compare(LRNSpec(region, shape, 5, 1.0, 0.75, 1.0), Place.HOST_LAST, ours_alone=True)
    assert len(kernel.pieces) > 1


@pytest.mark.parametrize("region", ["across", "within"])
@pytest.mark.parametrize("beta, most", [(0.75, 4e-7), (0.5, 4e-7), (1.0, 4e-7), (1.5, 8e-7),
                                        (2.0, 8e-7), (0.25, 6e-6), (0.6, 6e-6)])
def test_rounding_errors_of_the_formulas(beta, most, region):
    """Relative to float64; powers by logarithms have more."""
    spec = LRNSpec(region, (2, 20, 7, 7), 5, 1.0, beta, 2.0)
    kernel, _ = plans(spec)
    kernel._own = None
    exact = ReferenceEngine().plan(replace(spec, dtype="float64"))
    x, y = normal(spec.shape) * 5, blanks(spec.shape)[0]
    wide = [Tensor(SyncedMemory(x.size, np.float64), x.shape) for _ in range(2)]
    wide[0].overwrite(Place.HOST)[...] = x
    kernel.forward(tensor(x), y)
    exact.forward(*wide)
    expected = wide[1].read(Place.HOST)
    assert np.abs(y.read(Place.HOST) / expected - 1).max() < most


def test_our_own_forward_equals_onednns(monkeypatch):
    spec = LRNSpec("across", (2, 16, 7, 7), 5, 1.0, 0.75, 1.0)
    kernel, _ = plans(spec)
    assert kernel._own is not None, "oneDNN has a fast forward for AlexNet's setting"
    x, y = tensor(normal(spec.shape)), blanks(spec.shape)
    kernel.forward(x, y[0])
    monkeypatch.setattr(kernel, "_own", None)
    kernel.forward(x, y[1])
    same(y)


def test_new_arrays_are_noticed():
    spec = LRNSpec("within", (2, 6, 5, 5), 3, 1.0, 0.75, 1.0)
    ours, theirs = plans(spec)
    for seed in (1, 2):
        x, y = twins(normal(spec.shape, seed)), blanks(spec.shape)
        for i, kernel in enumerate((ours, theirs)):
            kernel.forward(x[i], y[i])
        same(y)
        assert not np.isnan(y[0].read(Place.HOST)).any()
