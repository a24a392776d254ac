"""The rules' updates on oneDNN, against their formulas in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format
from kernels.onednn.pairs import onednn
from numpy.testing import assert_allclose, assert_array_equal
from support import RULES

from caffepy.kernels.contract import Unsupported
from caffepy.kernels.operations.update import Constants, UpdateSpec
from caffepy.proto import caffe_pb2
from caffepy.solvers import rule

STEPS = [(1.0, 0.01, 0.1), (0.25, 0.01, 0.1), (3.0, 0.2, 0.001)]  # scale, decay, rate


def numbers(count, seed, start=0):
    """From N(0, 1); they begin anywhere, as a parameter's do."""
    return np.random.default_rng(seed).standard_normal(start + count).astype(np.float32)[start:]


def made(kind, count, decays, line=""):
    """The rule, and the kernel for it."""
    p = text_format.Parse(line or RULES[kind], caffe_pb2.SolverParameter())
    r = rule.get(kind)(p, np)
    return r, onednn().plan(r.spec(count, decays))


@pytest.mark.parametrize("decays", [True, False])
@pytest.mark.parametrize("count, start", [(1, 0), (7, 1), (16, 0), (1000, 3), (70001, 5)])
@pytest.mark.parametrize("kind", RULES)
def test_steps(kind, count, start, decays):
    follow(*made(kind, count, decays), count, start, decays)


@pytest.mark.parametrize("kind, line", [
    ("SGD", "momentum: 0"), ("Nesterov", "momentum: 0"), ("Adam", "momentum: 0 momentum2: 0.5"),
    ("RMSProp", "rms_decay: 0 delta: 0.1"), ("AdaDelta", "momentum: 0 delta: 0.1"),
    ("Adam", "amsgrad: true momentum: 0.5"), ("AdamW", "amsgrad: true momentum: 0.5"),
])
def test_other_settings(kind, line):
    follow(*made(kind, 100, True, line), 100, 0, True)


def follow(r, kernel, count, start, decays):
    """Some steps of both, from equal beginnings."""
    w, g, *history = (numbers(count, seed, start) for seed in range(2 + r.histories))
    history = [np.abs(h) for h in history]
    wide = [array.astype(np.float64) for array in (w, g, *history)]
    before = g.copy()
    for iteration, (scale, decay, rate) in enumerate(STEPS):
        r.begin(iteration)
        kernel.step(w, g, history, scale, decay, rate * r.correction)
        decayed = decay * wide[0] if decays else 0
        gradient = scale * wide[1] + (0 if r.decoupled else decayed)
        r.update(gradient, tuple(wide[2:]), rate, np.empty(count))
        wide[0] -= gradient + (decayed if r.decoupled else 0)
    for ours, theirs in zip((w, *history), (wide[0], *wide[2:]), strict=True):
        assert_allclose(ours, theirs, 1e-5, 1e-6)
    assert_array_equal(g, before)


def test_without_decay_weights_are_not_looked_at():
    _, kernel = made("SGD", 3, False)
    w, g, h = np.array([np.inf, 1, 2], np.float32), np.ones(3, np.float32), np.zeros(3, np.float32)
    kernel.step(w, g, [h], 1.0, 0.0, 0.5)
    assert_array_equal(h, [0.5] * 3)


@pytest.mark.parametrize("decays", [True, False])
@pytest.mark.parametrize("kind", RULES)
def test_what_is_no_number_is_not_hidden(kind, decays):
    r, kernel = made(kind, 100, decays)
    w, g, *history = (np.abs(numbers(100, seed)) for seed in range(2 + r.histories))
    g[50] = np.nan
    kernel.step(w, g, history, 1.0, 0.1, 0.1)
    assert np.isnan(w[50]) and np.isnan(history[0][50])
    assert np.isfinite(w).sum() == np.isfinite(history[0]).sum() == 99


def test_what_it_does_not_do():
    with pytest.raises(Unsupported, match="float32"):
        onednn().plan(UpdateSpec("sgd", 3, Constants(0.9), True, "float64"))
    with pytest.raises(Unsupported, match="no passes for the rule"):
        onednn().plan(UpdateSpec("", 3, Constants(0.9), True))
