"""A training step on a GPU, fake or real: recorded as a whole it gives what it gives by itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import RULES

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.parallel.single import Single

STEPS = recorder.WARM_UP + 6
TEST_NET = " test_iter: 2 test_interval: 3 test_initialization: false "
RATES = {
    "fixed": 'base_lr: 0.05 lr_policy: "fixed" ',
    "exp": 'base_lr: 0.05 lr_policy: "exp" gamma: 0.9 ',
    "inv": 'base_lr: 0.05 lr_policy: "inv" gamma: 0.1 power: 0.75 ',
    "poly": 'base_lr: 0.05 lr_policy: "poly" power: 2 max_iter: 40 ',
    "multistep": 'base_lr: 0.05 lr_policy: "multistep" gamma: 0.5 stepvalue: [4, 6, 7] ',
    "sigmoid": 'base_lr: 0.05 lr_policy: "sigmoid" gamma: 0.3 stepsize: 5 ',
}
SETTINGS = "random_seed: 7 weight_decay: 0.01 "


@pytest.fixture(autouse=True)
def engines(folder, monkeypatch):
    monkeypatch.delenv("CAFFEPY_ENGINE")
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")  # else each solver times algorithms anew


@pytest.fixture
def pair(make, gpu, monkeypatch):
    """Two solvers of the same settings, the second of which records nothing."""

    def made(more: str, **arguments):
        first = make(more, settings=SETTINGS, context=Context(gpu, seed=7), **arguments)
        with monkeypatch.context() as patch:
            patch.setenv("CAFFEPY_GRAPHS", "0")
            second = make(more, settings=SETTINGS, context=Context(gpu, seed=7), **arguments)
        return first, second

    return made


def everything(solver) -> list[np.ndarray]:
    """Weights, what was subtracted, histories, losses."""
    blobs = [p.blob for p in solver.net.parameters]
    return [*(b.data.copy() for b in blobs), *(b.diff.copy() for b in blobs),
            *map(np.copy, solver.updater.history_blobs()), np.array(solver.losses)]


def equal(first, second) -> None:
    for a, b in zip(everything(first), everything(second), strict=True):
        assert_array_equal(a, b)
        assert np.isfinite(a).all()
    assert first.iter == second.iter and first.rate == second.rate


def recorded(solver) -> bool:
    """Whether there is a graph with the update in it."""
    return any(isinstance(item, recorder.Graph) and recorder.SEQUEL in item.numbers
               for recording in solver.net.executor._backward.recordings.values()
               for item in recording)


def run(solvers, steps: int = STEPS) -> None:
    for solver in solvers:
        solver.step(steps)
    equal(*solvers)


@pytest.mark.parametrize(("rule", "policy"), [
    *((rule, "exp") for rule in RULES), *(("SGD", policy) for policy in RATES if policy != "exp")])
def test_any_rule_at_any_rate(pair, rule, policy):
    solvers = pair(f'{RATES[policy]} type: "{rule}" {RULES[rule]}')
    run(solvers)
    assert recorded(solvers[0]) and not recorded(solvers[1])


@pytest.mark.parametrize("more", [
    "iter_size: 3", "clip_gradients: 0.5", "clip_gradients: 1e-3 iter_size: 2",
    'regularization_type: "L1"', "display: 2 average_loss: 3", TEST_NET])
def test_whatever_else_is_set(pair, more):
    solvers = pair(RATES["exp"] + RULES["SGD"] + " " + more)
    run(solvers)
    assert recorded(solvers[0])


def test_what_scripts_change_between_steps_counts(pair):
    solvers = pair(RATES["fixed"] + RULES["SGD"])
    for k in range(STEPS + 8):
        for solver in solvers:
            if k == STEPS:
                solver.net.parameters[0].blob.data[...] *= 0.5
            if k == STEPS + 1:
                solver.param.base_lr = 0.02
            if k == STEPS + 2:
                solver.param.clip_gradients = 0.1
            if k == STEPS + 4:
                solver.param.iter_size = 2
            if k == STEPS + 6:
                solver.net.blobs["loss"].diff[...] = 0.5
            solver.step(1)
        equal(*solvers)
    assert recorded(solvers[0])


def test_kept_views_count(pair):
    solvers = pair(RATES["exp"] + RULES["SGD"])
    kept = [(s.net.parameters[0].blob.data, s.net.parameters[0].blob.diff) for s in solvers]
    for k in range(STEPS + 3):
        for solver, (data, diff) in zip(solvers, kept, strict=True):
            data[0] += 0.125 * k
            diff[0] = 99  # and then cleared
            solver.step(1)
        equal(*solvers)
        assert_array_equal(kept[0], kept[1])
    assert recorded(solvers[0])


def test_snapshots_and_restores_in_between(pair):
    solvers = pair(RATES["inv"] + 'type: "Adam" ' + RULES["Adam"] + TEST_NET)
    run(solvers)
    paths = []
    for name, solver in zip("ab", solvers, strict=True):
        solver.param.snapshot_prefix = name
        paths.append(solver.snapshot())
    run(solvers, 4)
    later = everything(solvers[0])
    for solver, path in zip(solvers, paths, strict=True):
        solver.restore(path)
    run(solvers, 4)
    for a, b in zip(everything(solvers[0]), later, strict=True):
        assert_array_equal(a, b)
    assert recorded(solvers[0]) and Path(paths[0]).exists()


def test_weights_shared_with_another_net(pair):
    solvers = pair(RATES["exp"] + RULES["SGD"])
    others = pair(RATES["exp"] + RULES["SGD"])
    run(solvers)
    for solver, other in zip(solvers, others, strict=True):
        solver.net.share_trained_layers(other.net)
    run(solvers)
    assert recorded(solvers[0])
    for p, q in zip(solvers[0].net.parameters, others[0].net.parameters, strict=True):
        assert_array_equal(p.blob.data, q.blob.data)


def test_weights_of_a_layer_that_runs_by_itself_may_move(pair, make, gpu):
    solvers = pair(RATES["exp"] + RULES["SGD"])
    other = make(RATES["exp"], settings=SETTINGS, context=Context(gpu, seed=9),
                 net=inspect.signature(make).parameters["net"].default.replace('"ip2"', '"other"'))
    for solver in solvers:
        solver.net.layer("ip1").recordable = False
    run(solvers)
    mine = solvers[0].net.parameters[0].blob.values.memory
    solvers[0].net.share_trained_layers(other.net)
    assert solvers[0].net.parameters[0].blob.values.memory is not mine
    for p, q in zip(*(s.net.parameters for s in solvers), strict=True):
        q.blob.data[...] = p.blob.data
    run(solvers)
    assert recorded(solvers[0])


# -- what runs by itself ----------------------------------------------------------------------


def test_callbacks_see_the_gradients_and_may_change_them(pair, lines):
    solvers = pair(RATES["exp"] + RULES["SGD"])
    run(solvers)
    seen = []
    for solver in solvers:
        solver.on_gradients.append(lambda s: seen.append(s.net.parameters[0].blob.diff.copy()))
        solver.on_gradients.append(lambda s: s.net.parameters[1].blob.diff.fill(0.25))
    run(solvers, 3)
    assert_array_equal(seen[:3], seen[3:])
    assert lines.count("The update runs by itself: callbacks look at the gradients") == 2
    for solver in solvers:
        del solver.on_gradients[:]
    run(solvers, 3)


def test_debug_info_runs_as_ever(pair):
    run(pair(RATES["exp"] + RULES["SGD"] + " debug_info: true display: 4"), STEPS + 2)


def test_the_log_tells_what_is_recorded(pair, lines, monkeypatch):
    pair(RATES["fixed"] + RULES["SGD"])[0].step(STEPS)
    assert any(line.startswith("Backward of net 'small' (train): ")
               and "layers and the update run from CUDA graphs" in line for line in lines)
    solver = pair(RATES["fixed"] + RULES["SGD"])[0]
    monkeypatch.setattr(type(solver.updater.rule), "kernel", "")
    solver.step(STEPS)
    assert "    The update runs by itself: SGD is array code" in lines


def test_multistep_says_so_once_and_before_the_rate(pair, lines):
    run(pair(RATES["multistep"] + "display: 4"), STEPS)
    said = [line for line in lines if line.startswith("MultiStep") or "lr = " in line]
    assert said[:6] == [
        "Iteration 0, lr = 0.05", "MultiStep Status: Iteration 4, step = 1",
        "Iteration 4, lr = 0.025", "MultiStep Status: Iteration 6, step = 2",
        "MultiStep Status: Iteration 7, step = 3", "Iteration 8, lr = 0.00625"]
    assert said[:6] == said[6:]


def test_workers_average_before_the_update(make, gpu, lines):
    class Two(Single):
        size = 2
        averaged = 0

        def average(self, array):
            type(self).averaged += 1

        def broadcast(self, array, root=0):
            pass

    alone = make(RATES["exp"], settings=SETTINGS, context=Context(gpu, seed=7))
    solver = make(RATES["exp"], settings=SETTINGS, context=Context(gpu, seed=7), communicator=Two())
    run((alone, solver))
    assert Two.averaged == STEPS
    assert "    The update runs by itself: the workers' averaging is before it" in lines


def test_clipping_is_told_at_display(make, gpu, lines):
    solver = make(RATES["fixed"] + "clip_gradients: 1e-3 display: 4", settings=SETTINGS,
                  context=Context(gpu, seed=7))
    cpu = make(RATES["fixed"] + "clip_gradients: 1e-3 display: 4", settings=SETTINGS,
               context=Context("cpu", seed=7))
    for each in (solver, cpu):
        del lines[:]
        each.step(STEPS)
        told = [line for line in lines if line.startswith("Gradient clipping: scaling down")]
        assert len(told) == (3 if each is solver else STEPS)
        assert "> 0.001) by scale factor" in told[0]


OF_THE_HOST = {
    "larc": "larc: true larc_eta: 0.02",
    "larc, clipped": 'larc: true larc_eta: 0.02 larc_policy: "clip" clip_gradients: 0.1',
    "lars with array code": 'local_lr_auto: true type: "Adam" amsgrad: true momentum: 0.5',
    "values": 'clip_gradients: 0.02 clip_policy: "value"',
    "layers, scaled": 'clip_gradients: 0.1 clip_policy: "layer" iter_size: 2',
    "momentum and decay": 'momentum_policy: "poly" weight_decay_policy: "poly" max_iter: 9',
    "decoupled": 'type: "AdamW" momentum: 0.5 regularization_type: "L1"',
}


@pytest.mark.parametrize("kind", OF_THE_HOST)
def test_a_device_does_what_the_host_does(make, gpu, kind):
    more = RATES["fixed"] + OF_THE_HOST[kind]
    host = make(more, settings=SETTINGS)
    device = make(more, settings=SETTINGS, context=Context(gpu, seed=7))
    for solver in (host, device):
        solver.step(STEPS)
    for ours, theirs in zip(device.net.parameters, host.net.parameters, strict=True):
        assert_allclose(ours.blob.data, theirs.blob.data, 1e-4, 1e-5)


def test_the_rate_of_a_plateau_waits_for_the_loss(make, gpu):
    more = ('base_lr: 0.05 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 2 '
            "plateau_winsize: 2 average_loss: 2")
    host = make(more, settings=SETTINGS)
    device = make(more, settings=SETTINGS, context=Context(gpu, seed=7))
    for _ in range(STEPS):
        for solver in (host, device):
            solver.step(1)
        assert host.state.current_step == device.state.current_step
    assert host.state.current_step > 0 and not recorded(device)
