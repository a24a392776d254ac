"""Rates of the parameters' own (LARC, LARS), as formulas and in a training."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.solvers import local_rate

BASE = 'base_lr: 0.05 lr_policy: "fixed" momentum: 0.5 weight_decay: 0.01 random_seed: 3 '
KINDS = {"scale": "larc: true larc_eta: 0.02 ",
         "clip": 'larc: true larc_eta: 0.02 larc_policy: "clip" ',
         "lars": "local_lr_auto: true local_gw_ratio: 0.02 "}


def multiplier(line, lr_mult, w, g):
    p = text_format.Parse("weight_decay: 0.1 " + line, caffe_pb2.SolverParameter())
    return local_rate.multiplier(p, lr_mult, 0.05, w, g)


@pytest.mark.parametrize("line, w, g, expected", [
    ("larc: true", 4, 2, 0.002), ("larc: true larc_eta: 0.5", 4, 2, 1.0),
    ('larc: true larc_policy: "clip"', 4, 2, 0.002 / 0.05),
    ('larc: true larc_policy: "clip" larc_eta: 0.5', 4, 2, 1.0),
    ("local_lr_auto: true local_gw_ratio: 0.5", 4, 2, 0.5 * 4 / (2 + 0.4)),
    ("larc: true", 0, 2, 1), ("larc: true", 4, 0, 1), ("local_lr_auto: true", 4, 0, 1),
    ('larc: true larc_policy: "clip"', 4, 0, 1)])
def test_the_multiplier(line, w, g, expected):
    assert multiplier(line, 3, w, g) == pytest.approx(expected)
    assert multiplier(line, 0, w, g) == 0


@pytest.mark.parametrize("line, words", [
    ("larc: true local_lr_auto: true", "exclude each other"),
    ('larc_policy: "scaled"', "unknown larc_policy: scaled.*Did you mean scale?"),
    ("larc: true larc_eta: 0", "larc_eta must be above 0"),
    ("local_lr_auto: true local_gw_ratio: -1", "local_gw_ratio must be above 0")])
def test_refused(line, words):
    with pytest.raises(ConfigError, match=words):
        local_rate.check(text_format.Parse(line, caffe_pb2.SolverParameter()))


def follow(solver, steps):
    """The weights as the formula has them, parameter by parameter, after each step."""
    p, net, grads = solver.param, solver.net, []
    solver.on_gradients.append(lambda s: grads.append(net.arena.grads.astype(np.float64).copy()))
    w = net.arena.values.astype(np.float64).copy()
    h = np.zeros_like(w)
    for _ in range(steps):
        solver.step(1)
        for one in net.parameters:
            at = slice(one.offset, one.offset + one.count)
            g = grads[-1][at] / p.iter_size
            norms = np.linalg.norm(w[at]), np.linalg.norm(g)
            rate = 0.05 * local_rate.multiplier(p, one.lr_mult, 0.05, *norms)
            h[at] = 0.5 * h[at] + rate * (g + 0.01 * one.decay_mult * w[at])
            w[at] -= h[at]
        yield w


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_follows_the_formula(make, kind, optimize):
    solver = make("iter_size: 2", BASE + KINDS[kind], optimize=optimize)
    for expected in follow(solver, 3):
        assert_allclose(solver.net.arena.values, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_and_chunks_change_little(make, kind, monkeypatch):
    from caffepy.solvers import update_host
    whole = make("", BASE + KINDS[kind])
    monkeypatch.setattr(update_host, "CHUNK", 3)
    monkeypatch.setattr(update_host, "LEAST_PER_THREAD", 3)
    cut = make("", BASE + KINDS[kind])
    for solver in (whole, cut):
        solver.step(3)
    assert_allclose(cut.net.arena.values, whole.net.arena.values, rtol=1e-5, atol=1e-7)
