"""The loop: its order, its words, and what can be asked of it from outside."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import REFERENCE

from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto.text import to_text
from caffepy.solvers import progress
from caffepy.solvers.solver import create_solver

from .conftest import SMALL, values

TESTING = "test_iter: 3 test_interval: 2 "

NUMBER = re.compile(r"(?<![\w#])-?\d[\d.]*(e[-+]?\d+)?")


def shape_of(lines: list[str]) -> list[str]:
    """The lines with all numbers that a run may change as N."""
    return [NUMBER.sub("N", line) for line in lines]


def test_words_and_their_order_are_the_original_s(make, lines):
    """Against the log of the original training LeNet: 500 iterations, tests at both ends."""
    net = SMALL.replace('name: "small"', 'name: "LeNet"')
    solver = make("max_iter: 500 display: 100 test_iter: 2 test_interval: 500 snapshot: 500 "
                  'gamma: 0.0001 power: 0.75 snapshot_prefix: "lenet"', net=net,
                  settings='base_lr: 0.01 lr_policy: "inv" random_seed: 1 ')
    start = lines.index("Solver scaffolding done.")
    solver.solve()
    recorded = []
    for line in (REFERENCE / "logs" / "lenet_train.log").read_text().splitlines():
        found = re.match(r"[IWEF]\d{4} \S+ +\d+ (sgd_)?solver\.cpp:\d+\] (.*)", line)
        if found and "accuracy" not in line:  # our net has a loss alone
            recorded.append(found[2].replace("output #1", "output #0"))
    recorded = recorded[recorded.index("Solver scaffolding done."):]
    assert shape_of(lines[start:]) == shape_of(recorded)
    assert recorded[-1] == "Optimization Done."
    assert lines[0] == "Initializing solver from parameters: \n" + to_text(solver.param).rstrip()
    assert 0 < lines.index("Creating training net specified in net_param.") < start


def test_numbers_are_printed_as_c_does(make, lines):
    solver = make("display: 1", settings='base_lr: 1e-5 lr_policy: "fixed" random_seed: 1 ')
    solver.step(1)
    assert "Iteration 0, lr = 1e-05" in lines
    loss = solver.losses[-1]
    assert f"    Train net output #0: loss = {loss:g} (* 1 = {loss:g} loss)" in lines


def test_rates_are_those_of_the_iterations_since_the_last_line(make, lines, monkeypatch):
    """The first line, too, has a true rate: that of iteration 0, without the test before it."""
    clock = iter([100, 102, 107])  # read when iteration 0 begins, and at each display
    monkeypatch.setattr(progress, "perf_counter", lambda: next(clock))
    make("display: 10 " + TESTING).step(11)
    shown = [line.split(", loss")[0] for line in lines if "iter/s" in line]
    assert shown == ["Iteration 0 (0.5 iter/s, 20s/10 iters)",
                     "Iteration 10 (2 iter/s, 5s/10 iters)"]


def test_weighted_outputs(make, lines):
    solver = make("display: 1", net=SMALL.replace('top: "loss"', 'top: "loss" loss_weight: 3'))
    solver.step(1)
    weighted = solver.losses[-1]
    assert f"    Train net output #0: loss = {weighted / 3:g} (* 3 = {weighted:g} loss)" in lines


def test_smoothed_loss_is_the_mean_of_the_last_ones(make):
    solver = make("average_loss: 3")
    seen = []
    solver.on_iteration.append(lambda s: seen.append((s.losses[-1], s.smoothed_loss)))
    solver.step(2)
    solver.step(4)  # smoothing goes on from call to call
    losses = [loss for loss, _ in seen]
    for i, (_, smoothed) in enumerate(seen):
        assert smoothed == pytest.approx(np.mean(losses[max(0, i - 2) : i + 1]), rel=1e-5)


def test_a_loss_that_leaves_the_numbers_is_warned_of_once(make, lines):
    solver = make()
    solver.step(1)
    solver.net.params["ip2"][0].data[...] = np.nan
    solver.step(3)
    said = [line for line in lines if line.startswith("the loss of iteration")]
    assert len(said) == 1 and said[0].startswith("the loss of iteration 1 is nan. First to go: "
                                                 "param 0 of layer 'ip2' (InnerProduct)")


def test_hooks_see_each_stage(make):
    solver, calls = make(), []
    start = values(solver)
    grads = solver.net.params["ip2"][0].diff

    def moved() -> bool:
        return any((a != b).any() for a, b in zip(start, values(solver), strict=True))

    solver.on_start.append(lambda s: calls.append(("start", s.iter, moved(), grads.any())))
    solver.on_gradients.append(lambda s: calls.append(("grads", s.iter, moved(), grads.any())))
    solver.on_iteration.append(lambda s: calls.append(("end", s.iter, moved(), grads.any())))
    solver.step(1)
    assert calls == [("start", 0, False, False), ("grads", 0, False, True), ("end", 1, True, True)]


def test_debug_info_at_display_only(make, lines):
    solver = make("debug_info: true display: 2")
    del lines[:]
    solver.step(1)
    kinds = {line.split("]")[0].strip() for line in lines if line.startswith("    [")}
    assert kinds == {"[Forward", "[Backward", "[Update"}
    assert any("[Backward] All net params (data, diff): L1 norm" in line for line in lines)
    del lines[:]
    solver.step(1)
    assert not lines


def test_debug_info_calls_parameters_as_the_original_does(make, lines):
    """By name where they have one, but for [Backward], which counts."""
    net = SMALL.replace("param { lr_mult: 1 }", 'param { name: "w" lr_mult: 1 }')
    solver = make("debug_info: true display: 1 " + TESTING, net=net)
    del lines[:]
    solver.step(1)
    ip1 = [line.split(" data")[0].split(" diff")[0].strip() for line in lines
           if "Layer ip1, param" in line]
    tested = ["[Forward] Layer ip1, param blob w", "[Forward] Layer ip1, param blob 1"]
    assert ip1 == tested * 4 + [  # a test of 3 batches, then the step
        "[Backward] Layer ip1, param blob 0", "[Backward] Layer ip1, param blob 1",
        "[Update] Layer ip1, param w", "[Update] Layer ip1, param 1"]
    assert "    [Forward] Layer loss, top blob loss data: " in "".join(lines)
    assert "    [Backward] Layer loss, bottom blob ip2 diff: " in "".join(lines)


def test_weights_are_loaded_into_all_nets(make, lines, folder):
    first = make()
    first.step(2)
    first.net.save("a.caffemodel")
    second = make()
    second.net.params["ip2"][0].data[...] = 9
    second.net.save("b.caffemodel")
    solver = make(TESTING + 'weights: "a.caffemodel, b.caffemodel"')
    for net in (solver.net, *solver.test_nets):
        assert (net.params["ip2"][0].data == 9).all()
    solver.load_weights("a.caffemodel")
    for net in (solver.net, *solver.test_nets):
        assert_array_equal(net.params["ip2"][0].data, first.net.params["ip2"][0].data)
    assert "Finetuning from a.caffemodel" in lines
    with pytest.raises(NotFound, match="nowhere.caffemodel"):
        solver.load_weights(["nowhere.caffemodel"])


@pytest.mark.parametrize("more, words", [
    ('type: "Sgd"', "Unknown solver type: Sgd.*Did you mean SGD"),
    ('regularization_type: "L3"', "Unknown regularization type: L3"),
    ("iter_size: 0", "iter_size must be at least 1"),
    ("average_loss: 0", "average_loss must be at least 1"),
    ("display: -1", "display must not be negative"),
    ("snapshot: 5 snapshot_prefix: ''", "snapshot is specified but snapshot_prefix is not"),
    ('snapshot: 5 snapshot_prefix: "no/such/place"', "Cannot write to snapshot prefix 'no/such"),
    ("test_iter: 1", "test_interval must be positive"),
])
def test_bad_solvers_are_refused_before_anything_runs(more, words, make, lines):
    with pytest.raises(CaffeError, match=words):
        make(more)
    assert not any("Creating Layer" in line for line in lines)


def test_seed(make, lines):
    free = [make(settings='base_lr: 0.1 lr_policy: "fixed" ') for _ in range(2)]
    assert (values(free[0])[0] != values(free[1])[0]).any()
    assert f"random_seed is not set; drawn: {free[0].context.seed}" in lines
    again = make(settings=f'base_lr: 0.1 lr_policy: "fixed" random_seed: {free[0].context.seed} ')
    for solver in (free[0], again):
        solver.step(3)
    for a, b in zip(values(free[0]), values(again), strict=True):
        assert_array_equal(a, b)


def test_without_prefix_the_end_is_said_and_not_an_error(make, lines):
    solver = make("max_iter: 1 snapshot_prefix: ''")
    solver.solve()
    assert solver.iter == 1
    assert any("snapshot_prefix is not set" in line for line in lines)
    with pytest.raises(ConfigError, match="snapshot_prefix"):
        solver.snapshot()


def test_the_message_given_stays_as_it_is(make):
    first = make("max_iter: 5")
    param = first.param
    second = create_solver(param)
    second.param.max_iter = 9
    assert (first.max_iter, second.max_iter) == (5, 9)
    second.close()
