"""momentum_policy and weight_decay_policy, as formulas and in a training."""

from __future__ import annotations

import math

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.solvers import momentum

POLY = 'momentum: 0.5 momentum_policy: "poly" max_momentum: 0.9 momentum_power: 2 '
DECAY = 'weight_decay: 0.01 weight_decay_policy: "poly" '
END = "max_iter: 10 "
ALL = END + 'base_lr: 0.05 lr_policy: "fixed" random_seed: 3 ' + POLY + DECAY


def solver(line):
    return text_format.Parse(line, caffe_pb2.SolverParameter())


@pytest.mark.parametrize("line, iteration, rate, expected", [
    ("momentum: 0.9", 5, 1, 0.9),
    (POLY + END, 0, 1, 0.5), (POLY + END, 5, 1, 0.6), (POLY + END, 10, 1, 0.9),
    ('momentum_policy: "opt"', 0, 0.04, 0.81), ('momentum_policy: "opt"', 0, 1, 0.25),
    ('momentum_policy: "opt" max_momentum: 0.7', 0, 0.04, 0.7)])
def test_the_momentum(line, iteration, rate, expected):
    assert momentum.momentum(solver(line), iteration, rate) == pytest.approx(expected)


@pytest.mark.parametrize("line, iteration, expected", [
    ("weight_decay: 0.01", 5, 0.01), (DECAY + END, 0, 0), (DECAY + END, 5, 0.01 * math.sqrt(0.5)),
    (DECAY + END + "weight_decay_power: 1", 5, 0.005)])
def test_the_decay(line, iteration, expected):
    assert momentum.weight_decay(solver(line), iteration) == pytest.approx(expected)


@pytest.mark.parametrize("line, words", [
    ('momentum_policy: "polly"', "unknown momentum_policy: polly.*Did you mean poly?"),
    ('weight_decay_policy: "opt"', "unknown weight_decay_policy: opt"),
    ('momentum_policy: "poly"', "max_iter must be positive with momentum_policy"),
    ('momentum_policy: "opt" type: "Adam"', "the momentum of Adam stays as it is")])
def test_refused(line, words):
    with pytest.raises(ConfigError, match=words):
        momentum.check(solver(line))


@pytest.mark.parametrize("optimize", [False, True])
def test_a_training_follows_the_formula(make, optimize, lines):
    """Of one weight after the other: h = m h + rate (g + wd w), with m and wd of the iteration."""
    trained = make("display: 1", ALL, optimize=optimize)
    p = trained.param
    w = trained.net.arena.values.astype(np.float64).copy()
    h = np.zeros_like(w)
    mults = np.ones_like(w)
    decays = np.ones_like(w)
    for one in trained.net.parameters:
        at = slice(one.offset, one.offset + one.count)
        mults[at], decays[at] = one.lr_mult, one.decay_mult
    grads = []
    trained.on_gradients.append(lambda s: grads.append(s.net.arena.grads.astype(np.float64).copy()))
    for i in range(4):
        trained.step(1)
        g = grads[-1] + momentum.weight_decay(p, i) * decays * w
        h = momentum.momentum(p, i, 0.05) * h + 0.05 * mults * g
        w = w - h
        assert_allclose(trained.net.arena.values, w, rtol=1e-4, atol=1e-6)
    said = [line for line in lines if ", m = " in line]
    assert said[0] == "Iteration 0, lr = 0.05, m = 0.5, wd = 0" and len(said) == 4


def test_a_resumed_run_has_the_momentum_of_its_iteration(make, folder):
    whole, resumed = (make("snapshot: 2", ALL) for _ in range(2))
    whole.step(4)
    resumed.restore("snap_iter_2.solverstate")
    resumed.step(2)
    assert (whole.net.arena.values == resumed.net.arena.values).all()
