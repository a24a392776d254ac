"""Training on a GPU, fake or real: the recorded trainings, snapshots, losses that wait."""

from __future__ import annotations

import re

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_array_equal
from support import REFERENCE, same

from caffepy.core.context import Context
from caffepy.errors import NumericError
from caffepy.proto import caffe_pb2
from caffepy.solvers import losses
from caffepy.solvers.rule import Rule, rule
from caffepy.solvers.solver import create_solver
from caffepy.solvers.update_device import DeviceUpdater

CASES = sorted(path.stem for path in (REFERENCE / "solvers").glob("*.npz"))


@pytest.fixture(autouse=True)
def engines(folder, monkeypatch):
    """All that a GPU has, not what the other tests of solvers use."""
    monkeypatch.delenv("CAFFEPY_ENGINE")


LEAST = 16  # cases; if the files are not found, that is a failure and no success


def test_the_cases_are_there():
    assert len(CASES) >= LEAST


@pytest.mark.parametrize("engine", ["cuda", "reference"])
@pytest.mark.parametrize("name", CASES)
def test_every_step(name, engine, case, gpu):
    case = case(name)
    with case.solver(engine, gpu) as solver:
        assert isinstance(solver.updater, DeviceUpdater)
        for k in range(1, 7):
            solver.step(1)
            same(solver.net.outputs()[0][1], case.arrays[f"loss{k}"], what=f"loss, step {k}")
            for (layer, index), expected in case.parameters(f"step{k}").items():
                same(solver.net.params[layer][index].data, expected,
                     what=f"{layer} {index}, step {k}")
        if name != "sgd_iter_size":
            same(solver.losses[-1], case.arrays["loss6"])


def test_a_net_that_has_nothing_to_learn(gpu):
    """As on the CPU: its iterations count."""
    net = """layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }
             layer { name: "loss" type: "Reduction" bottom: "x" top: "loss" loss_weight: 1 }"""
    param = text_format.Parse(
        f"net_param {{ {net} }} base_lr: 0.1 lr_policy: 'fixed' snapshot_after_train: false",
        caffe_pb2.SolverParameter())
    solver = create_solver(param, Context(gpu, seed=1))
    solver.step(6)
    assert solver.iter == 6


@pytest.mark.parametrize("name", ["sgd_l1", "adam", "adadelta", "sgd_hdf5_snapshot"])
def test_a_snapshot_goes_on_where_it_was_taken(name, case, gpu, monkeypatch):
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")  # else each solver times algorithms anew
    case = case(name)
    with case.solver("cuda", gpu) as solver, case.solver("cuda", gpu) as restored:
        solver.step(4)
        path = solver.snapshot()
        solver.step(4)
        restored.restore(path)
        restored.step(4)
        assert restored.iter == solver.iter == 8
        assert list(restored.losses) == list(solver.losses)
        for a, b in zip(solver.net.parameters, restored.net.parameters, strict=True):
            assert_array_equal(a.blob.data, b.blob.data)
        for mine, theirs in zip(solver.updater.history_blobs(), restored.updater.history_blobs(),
                                strict=True):
            assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ["adam", "sgd_clip"])
def test_a_snapshot_of_the_cpu_goes_on_on_a_gpu(name, case, gpu):
    case = case(name)
    with case.solver() as solver, case.solver("cuda", gpu) as restored:
        solver.step(4)
        path = solver.snapshot()
        restored.restore(path)
        for each in (solver, restored):
            each.step(3)
        same(restored.losses[-1], solver.losses[-1])
        for a, b in zip(solver.net.parameters, restored.net.parameters, strict=True):
            same(b.blob.data, a.blob.data)


def test_losses_are_fetched_many_at_a_time_and_are_the_same(make, gpu, monkeypatch):
    found, waits = [], []
    fetch = losses.Waiting.fetch
    monkeypatch.setattr(losses.Waiting, "fetch", lambda self: waits.append(1) or fetch(self))
    for possible in (True, False):
        if not possible:
            monkeypatch.setattr(losses.Waiting, "possible", lambda net: False)
        solver = make("average_loss: 40 iter_size: 2", context=Context(gpu, seed=7))
        solver.step(40)
        if possible:
            assert len(waits) == 40 // losses.WAITING
        found.append([*solver.losses, solver.smoothed_loss])
        assert len(solver.losses) == 40 and np.isfinite(found[-1]).all()
    assert found[0] == found[1]


def test_a_loss_that_leaves_the_numbers_is_told_with_its_iteration(make, gpu):
    solver = make("on_nan: STOP", context=Context(gpu, seed=7))
    solver.step(20)
    solver.net.parameters[0].blob.data[...] = np.nan
    with pytest.raises(NumericError, match="the loss of iteration 20 is nan"):
        solver.step(5)
        solver.snapshot()


def test_debug_info_tells_on_a_gpu_what_it_tells_on_the_cpu(make, gpu, lines):
    told = []
    for device in ("cpu", gpu):
        del lines[:]
        make("debug_info: true display: 2", context=Context(device, seed=7)).step(5)
        told.append([line for line in lines if line.startswith("    [")])
    assert len(told[0]) == len(told[1]) > 30
    numbers = [[float(word) for line in part for word in re.findall(r"\d+\.\d+", line)]
               for part in told]
    same(np.array(numbers[1]), np.array(numbers[0]), rtol=1e-3)


def test_a_rule_without_a_kernel_runs_as_array_code(make, gpu):
    class Sign(Rule):
        def update(self, g, history, rate, t):
            xp, (h,) = self.xp, history
            xp.multiply(xp.sign(g), rate, out=g)
            xp.add(h, g, out=h)

    rule("TestSign")(Sign)
    try:
        results = []
        for device in ("cpu", gpu):
            solver = make('type: "TestSign"', context=Context(device, seed=7))
            solver.step(3)
            results.append([p.blob.data.copy() for p in solver.net.parameters]
                           + [np.copy(h) for h in solver.updater.history_blobs()])
        for mine, theirs in zip(*results, strict=True):
            same(theirs, mine)
    finally:
        from caffepy.solvers import rule as rules

        del rules._rules["TestSign"]


def test_parameters_that_moved_to_another_nets_memory_are_still_updated(make, gpu):
    first = make(context=Context(gpu, seed=7))
    second = make(context=Context(gpu, seed=8))
    second.net.share_trained_layers(first.net)
    before = [p.blob.data.copy() for p in first.net.parameters]
    second.step(6)
    for p, q, old in zip(first.net.parameters, second.net.parameters, before, strict=True):
        assert_array_equal(p.blob.data, q.blob.data)
        assert not np.array_equal(p.blob.data, old)
