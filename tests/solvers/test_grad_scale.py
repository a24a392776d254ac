"""Loss scaling: global_grad_scale and its adaptive form, on the CPU and on a GPU, fake or real."""

from __future__ import annotations

import inspect
import os
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import RULES, same
from workers import together

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError, NumericError
from caffepy.proto import caffe_pb2
from caffepy.solvers import grad_scale, watch
from caffepy.solvers.solver import create_solver

STEPS = recorder.WARM_UP + 6
RATE = 'base_lr: 0.05 lr_policy: "exp" gamma: 0.97 random_seed: 7 weight_decay: 0.01 '
SGD = RATE + "momentum: 0.9 "
ADAPTIVE = "global_grad_scale_adaptive: true"
HUGE = "global_grad_scale: 3e38 " + ADAPTIVE  # with which gradients overflow at first


@pytest.fixture(params=["cpu", "gpu"])
def device(request, folder, monkeypatch):
    if request.param == "cpu":
        return "cpu"
    monkeypatch.delenv("CAFFEPY_ENGINE")
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")
    return request.getfixturevalue("gpu")


@pytest.fixture
def train(make):
    """A solver whose net has these fields."""

    def made(device, fields, settings=SGD, more="", **arguments):
        net = inspect.signature(make).parameters["net"].default
        net = net.replace('name: "small"', f'name: "small" {fields}')
        return make(more, settings=settings, net=net, context=Context(device, seed=7),
                    **arguments)

    return made


def numbers(solver):
    """Weights, what was subtracted, histories, losses."""
    blobs = [p.blob for p in solver.net.parameters]
    return [*(b.data.copy() for b in blobs), *(b.diff.copy() for b in blobs),
            *map(np.copy, solver.updater.history_blobs()), np.array(solver.losses)]


def equal(first, second, check=assert_array_equal):
    for a, b in zip(numbers(first), numbers(second), strict=True):
        assert np.isfinite(a).all()
        check(a, b)


def state(solver):
    solver.updater.fetch_grad_scale()
    s = solver.state.grad_scale
    return s.value, s.good, s.skipped, s.in_a_row


# -- a scale that stays -----------------------------------------------------------------------


@pytest.mark.parametrize("more", ["", "iter_size: 3", "clip_gradients: 0.2",
                                  "clip_gradients: 0.01 iter_size: 2 display: 3"])
@pytest.mark.parametrize("fields", ["global_grad_scale: 1024", "global_grad_scale: 0.125",
                                    ADAPTIVE])
def test_powers_of_two_change_no_bit(train, device, fields, more):
    plain, scaled = train(device, "", more=more), train(device, fields, more=more)
    for _ in range(STEPS):
        plain.step(1)
        scaled.step(1)
        equal(plain, scaled)
    start = 65536 if fields == ADAPTIVE else scaled.net.param.global_grad_scale
    assert scaled.net.blobs["loss"].diff == start
    assert plain.net.blobs["loss"].diff == 1


@pytest.mark.parametrize("rule", RULES)
def test_other_scales_round(train, device, rule):
    settings = RATE + f'type: "{rule}" {RULES[rule]} '
    plain = train(device, "", settings)
    scaled = train(device, "global_grad_scale: 1000", settings)
    for solver in (plain, scaled):
        solver.step(STEPS)
    equal(plain, scaled, lambda a, b: same(a, b, rtol=1e-4, atol=1e-6))


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_no_scale_at_all(train, value):
    with pytest.raises(ConfigError, match="global_grad_scale must be a positive number"):
        train("cpu", f"global_grad_scale: {value}")


# -- who sees what ----------------------------------------------------------------------------


@pytest.mark.parametrize("fields", ["global_grad_scale: 256", ADAPTIVE])
def test_whoever_looks_sees_true_gradients(train, device, fields, lines):
    seen = []
    for each in ("", fields):
        solver = train(device, each, more="debug_info: true display: 2 clip_gradients: 100")
        solver.step(3)
        del lines[:]
        solver.step(2)
        told = [line for line in lines if line.startswith("    [")]
        found = []
        solver.on_gradients.append(
            lambda s, found=found: found.extend(p.blob.diff.copy() for p in s.net.parameters))
        solver.step(2)
        solver.on_gradients.clear()
        solver.net.clear_param_diffs()
        for _ in range(2):  # which add up
            solver.net.forward()
            solver.net.backward()
            found += [p.blob.diff.copy() for p in solver.net.parameters]
        solver.net.backward_range(len(solver.net.layers) - 1, 0)
        found += [p.blob.diff.copy() for p in solver.net.parameters]
        solver.apply_update()
        found += numbers(solver)
        seen.append((found, told))
    assert len(seen[0][1]) > 10 and seen[0][1] == seen[1][1]
    for a, b in zip(seen[0][0], seen[1][0], strict=True):
        assert_array_equal(a, b)


def test_nets_without_a_solver_are_not_scaled(train):
    param = train("cpu", "global_grad_scale: 256").param.net_param
    net = Net(param, caffe_pb2.TRAIN)
    assert net.blobs["loss"].diff == 1


def test_losses_that_change_their_shape_are_scaled(train, device):
    solver = train(device, "global_grad_scale: 256")
    solver.net.blobs["loss"].reshape(3)
    solver.net.forward()
    assert solver.net.blobs["loss"].diff == 256 and solver.net.blobs["loss"].shape == ()


# -- a scale that adapts ----------------------------------------------------------------------


def test_an_update_that_overflows_is_skipped(train, device, lines):
    solver = train(device, HUGE, more="display: 1")
    before, start = [p.blob.data.copy() for p in solver.net.parameters], float(np.float32(3e38))
    solver.step(1)
    assert state(solver) == (start / 2, 0, 1, 1)
    assert solver.iter == 1
    for p, old in zip(solver.net.parameters, before, strict=True):
        assert_array_equal(p.blob.data, old)
        assert not p.blob.diff.any(), "nothing was subtracted"
    assert not any(np.any(h) for h in solver.updater.history_blobs())
    assert ("1 update skipped up to iteration 0 whose gradients were no finite numbers; "
            f"global_grad_scale = {start / 2:g}") in lines
    solver.step(30)
    value, good, skipped, in_a_row = state(solver)
    assert in_a_row == 0 and 0 < skipped < 20 and 0 < good < 31
    assert value == start / 2**skipped
    assert np.isfinite(numbers(solver)[0]).all()
    assert not np.array_equal(before[0], numbers(solver)[0])
    assert not [line for line in lines if "skipped" in line and line.startswith("Iteration 30")]


@pytest.mark.parametrize("more", ["", "iter_size: 2", "clip_gradients: 0.01",
                                  "debug_info: true display: 5"])
def test_it_rises_and_falls_the_same_everywhere(train, gpu, monkeypatch, more):
    monkeypatch.setattr(grad_scale, "GOOD", 4)
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")
    cpu = train("cpu", HUGE, more=more)
    # sums in another order, or factors with fewer bits, may overflow where others just do not
    exact = os.environ.get("CAFFEPY_TEST_GPU") != "1" and "iter_size" not in more
    monkeypatch.delenv("CAFFEPY_ENGINE")
    solver = train(gpu, HUGE, more=more)
    with monkeypatch.context() as patch:
        patch.setenv("CAFFEPY_GRAPHS", "0")
        eager = train(gpu, HUGE, more=more)
    trail = []
    for _ in range(40):
        for each in (cpu, solver, eager):
            each.step(1)
        equal(solver, eager)
        trail.append(state(solver))
        assert trail[-1] == state(eager)
        assert solver.net.blobs["loss"].diff == np.float32(trail[-1][0])
        assert trail[-1] == state(cpu) or not exact
    skips = [after[2] - before[2] for before, after in zip(trail, trail[1:], strict=False)]
    assert sum(skips) > 5 and sum(skips[20:]) > 1, "also when it is recorded"
    assert solver.net.executor._backward.recordings


@pytest.mark.parametrize("more", ["snapshot_format: HDF5", "snapshot_format: BINARYPROTO"])
def test_a_resumed_run_equals_an_uninterrupted_one(train, device, monkeypatch, more):
    monkeypatch.setattr(grad_scale, "GOOD", 6)
    whole, resumed = train(device, HUGE, more=more), train(device, HUGE, more=more)
    whole.step(9)
    path = whole.snapshot()
    was = state(whole)[:2]
    assert was[1] not in (0, 6)
    whole.step(9)
    resumed.restore(path)
    assert state(resumed)[:2] == was
    resumed.step(9)
    equal(whole, resumed)
    assert state(whole)[:2] == state(resumed)[:2]
    resumed.restore(path)  # also in the middle of a run, whose recordings go on
    resumed.step(9)
    equal(whole, resumed)


def test_a_snapshot_without_a_scale_starts_anew(train, device):
    path = train(device, "").snapshot()
    solver = train(device, HUGE)
    solver.step(3)
    solver.restore(path)
    assert state(solver)[:2] == (np.float32(3e38), 0)
    assert solver.net.blobs["loss"].diff == np.float32(3e38)


@pytest.mark.parametrize("device", ["cpu", "gpu"], indirect=True)
def test_a_rule_without_a_kernel_is_skipped_too(train, device, monkeypatch):
    solver = train(device, HUGE)
    monkeypatch.setattr(type(solver.updater.rule), "kernel", "")
    before = solver.net.parameters[0].blob.data.copy()
    solver.step(1)
    assert state(solver)[2] == 1
    assert_array_equal(solver.net.parameters[0].blob.data, before)
    solver.step(20)
    plain = train(device, "")
    assert np.isfinite(numbers(solver)[0]).all() and plain.iter == 0


def test_workers_agree(train):
    param = train("cpu", HUGE).param

    def work(communicator):
        context = Context(seed=5, rank=communicator.rank, size=2)
        with create_solver(param, context, communicator=communicator) as solver:
            if communicator.rank:  # whose gradients alone overflow at the end
                solver.on_start.append(lambda s: s.iter == 12 and s.net.params["ip1"][1].data.fill(
                    1e20))
            solver.step(13)
            return state(solver), solver.net.params["ip2"][0].data.copy()

    (one, ours), (other, theirs) = together(2, work)
    assert one == other and one[2] > 0
    assert_array_equal(ours, theirs)


# -- what on_nan makes of it --------------------------------------------------------------------


@pytest.mark.parametrize("on_nan", ["STOP", "WARN"])
def test_a_loss_that_comes_back_is_not_lost(train, device, on_nan, lines, monkeypatch):
    monkeypatch.setattr(watch, "LOST", 2)
    solver = train(device, ADAPTIVE, more=f"on_nan: {on_nan} average_loss: 3")
    kept = {}

    def spoil(s):
        if s.iter in (20, 25):
            kept["w"] = s.net.parameters[0].blob.data.copy()
            s.net.parameters[0].blob.data[...] = np.inf

    def mend(s):
        if s.iter in (21, 26):
            s.net.parameters[0].blob.data[...] = kept["w"]

    solver.on_start.append(spoil)
    solver.on_iteration.append(mend)
    solver.step(40)
    assert np.isfinite(solver.smoothed_loss) and np.isfinite(solver.losses).all()
    assert state(solver)[2] == 2 and not solver.watch.lost
    assert not [line for line in lines if "Training goes on" in line]


def test_a_loss_that_does_not_come_back_is(train, device):
    solver = train(device, ADAPTIVE, more="on_nan: STOP")
    solver.step(3)
    solver.net.parameters[0].blob.data[...] = np.nan
    with pytest.raises(NumericError, match="the loss of iteration 42 is nan"):
        solver.step(80)


def test_gradients_that_no_scale_helps_are(train, device):
    solver = train(device, ADAPTIVE, more="on_nan: STOP display: 10")
    solver.net.after_backward.append(lambda i: solver.net.parameters[0].blob.diff.fill(np.nan))
    with pytest.raises(NumericError, match="no update could be made in the last 41 iterations"):
        solver.step(60)
    assert solver.state.grad_scale.value == grad_scale.LEAST
    assert not re.search("nan", str(numbers(solver)[0]))
