"""SGD's update on oneDNN, against the formula in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.onednn.pairs import onednn
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.kernels.base import Unsupported
from caffepy.kernels.rules import SGDSpec

STEPS = [(1.0, 0.01, 0.1), (0.25, 0.01, 0.1), (3.0, 0.2, 0.001)]  # scale, decay, rate


def weights(count, seed, start=0):
    """Numbers from N(0, 1) that begin anywhere, as a parameter's do."""
    return np.random.default_rng(seed).standard_normal(start + count).astype(np.float32)[start:]


@pytest.mark.parametrize("decays", [True, False])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("count, start", [(1, 0), (7, 1), (16, 0), (1000, 3), (70001, 5)])
def test_steps(count, start, momentum, decays):
    kernel = onednn().plan(SGDSpec(count, momentum, decays))
    w, g, h = (weights(count, seed, start) for seed in range(3))
    w_, g_, h_ = (array.astype(np.float64) for array in (w, g, h))
    before = g.copy()
    for scale, decay, rate in STEPS:
        kernel.step(w, g, h, scale, decay, rate)
        h_ = momentum * h_ + rate * (scale * g_ + (decay * w_ if decays else 0))
        w_ -= h_
    assert_allclose(h, h_, 1e-5, 1e-6)
    assert_allclose(w, w_, 1e-5, 1e-6)
    assert_array_equal(g, before)


def test_without_decay_weights_are_not_looked_at():
    kernel = onednn().plan(SGDSpec(3, 0.9, False))
    w, g, h = np.array([np.inf, 1, 2], np.float32), np.ones(3, np.float32), np.zeros(3, np.float32)
    kernel.step(w, g, h, 1.0, 0.0, 0.5)
    assert_array_equal(h, [0.5] * 3)


@pytest.mark.parametrize("decays", [True, False])
def test_what_is_no_number_is_not_hidden(decays):
    kernel = onednn().plan(SGDSpec(100, 0.9, decays))
    w, g, h = (weights(100, seed) for seed in range(3))
    g[[0, 50, 99]] = np.nan, np.inf, -np.inf
    kernel.step(w, g, h, 1.0, 0.1, 0.1)
    assert np.isnan(w[0]) and w[50] == -np.inf and w[99] == np.inf
    assert np.isfinite(w).sum() == 97


def test_only_float32():
    with pytest.raises(Unsupported, match="float32"):
        onednn().plan(SGDSpec(3, 0.9, True, "float64"))
