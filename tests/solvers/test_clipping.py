"""clip_policy: each number, or each layer, instead of the norm of all gradients."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose
from support import ENGINES

from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.solvers import clipping

BASE = 'base_lr: 0.1 lr_policy: "fixed" random_seed: 3 '


def clipped(policy, most, net, grads):
    """The gradients as the formula has them."""
    if policy == "value":
        return np.clip(grads, -most, most)
    result = grads.copy()
    for layer in {one.layer for one in net.parameters}:
        of_layer = np.zeros(grads.size, bool)
        for one in net.parameters:
            if one.layer == layer:
                of_layer[one.offset : one.offset + one.count] = True
        norm = np.linalg.norm(grads[of_layer])
        if norm > most:
            result[of_layer] *= most / norm
    return result


@pytest.fixture(params=["diffs are shown", "array code", "kernels"])
def made(request, make, monkeypatch):
    """``make``, for a solver that updates in this way."""
    if request.param == "kernels":
        if "onednn" not in ENGINES:
            pytest.skip("no engine has kernels for rules")
        monkeypatch.delenv("CAFFEPY_ENGINE")

    def solver(line):
        found = make("", line, optimize=request.param != "diffs are shown")
        assert bool(found.updater._kernels) == (request.param == "kernels")
        return found

    return solver


@pytest.mark.parametrize("more", ["", "iter_size: 2"])
@pytest.mark.parametrize("policy, most", [("value", 0.02), ("layer", 0.1)])
def test_a_step_follows_the_formula(made, policy, most, more):
    solver, grads = made(f'{BASE}clip_gradients: {most} clip_policy: "{policy}" {more}'), []
    net = solver.net
    solver.on_gradients.append(lambda s: grads.append(net.arena.grads.astype(np.float64).copy()))
    before = net.arena.values.astype(np.float64).copy()
    solver.step(1)
    expected = clipped(policy, most, net, grads[0])
    assert not np.allclose(expected, grads[0]), "nothing was clipped"
    rates = np.concatenate([np.full(one.count, 0.1 * one.lr_mult) for one in net.parameters])
    order = np.argsort([one.offset for one in net.parameters])
    assert (order == np.arange(len(order))).all()
    assert_allclose(net.arena.values, before - rates * expected / solver.param.iter_size,
                    rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["value", "layer"])
def test_what_is_no_number_stays_none(made, policy):
    """A bound in its place would hide that a training has gone wrong."""
    solver = made(f'{BASE}clip_gradients: 0.1 clip_policy: "{policy}"')

    def spoil(_):
        solver.net.arena.grads[1] = np.nan

    solver.on_gradients.append(spoil)
    solver.step(1)
    assert np.isnan(solver.net.arena.values[1])


@pytest.mark.parametrize("policy", ["value", "layer"])
def test_small_gradients_stay(make, policy):
    plain = make("", BASE)
    bounded = make("", f'{BASE}clip_gradients: 1e6 clip_policy: "{policy}"')
    for solver in (plain, bounded):
        solver.step(2)
    assert_allclose(bounded.net.arena.values, plain.net.arena.values, rtol=1e-6)


def test_without_a_bound_nothing_is_clipped():
    p = text_format.Parse('clip_policy: "value"', caffe_pb2.SolverParameter())
    assert not clipping.apart(p)


def test_refused():
    with pytest.raises(ConfigError, match="unknown clip_policy: values.*Did you mean value?"):
        clipping.check(text_format.Parse('clip_policy: "values"', caffe_pb2.SolverParameter()))
