"""The loop: its order, its words, and what can be asked of it from outside."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import REFERENCE

from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.parallel.single import Single
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


def test_parameters_that_no_gradient_reaches_only_decay(make):
    """Nobody writes their gradients, which hold the last update: it must not count again."""
    side = SMALL.replace('  layer { name: "loss"', """
      layer { name: "side" type: "InnerProduct" bottom: "x" top: "side" inner_product_param {
        num_output: 2 bias_term: false weight_filler { type: "xavier" } } }
      layer { name: "end" type: "Silence" bottom: "side" }
      layer { name: "loss\"""")
    solver = make(net=side, settings='base_lr: 0.5 lr_policy: "fixed" weight_decay: 0.1 ')
    start = solver.net.params["side"][0].data.copy()
    solver.step(3)
    assert_allclose(solver.net.params["side"][0].data, start * (1 - 0.05) ** 3, 1e-5)


def test_iter_size_equals_a_bigger_batch(make):
    rows = np.random.default_rng(0).standard_normal((16, 6)).astype(np.float32)
    target = np.ones((16, 2), np.float32)
    settings = 'base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.1 random_seed: 3 '
    whole = make(settings=settings, net=fixed_net(16))
    parts = make("iter_size: 4", settings=settings, net=fixed_net(4))
    for _ in range(3):
        feed(whole, rows, target)
        whole.step(1)
        turn = iter(range(4))
        forward = parts.net.forward

        def next_part(turn=turn, forward=forward):
            i = next(turn)
            feed(parts, rows[4 * i : 4 * i + 4], target[:4])
            return forward()

        parts.net.forward = next_part
        parts.step(1)
        parts.net.forward = forward
        for a, b in zip(values(whole), values(parts), strict=True):
            assert_allclose(a, b, 1e-5, 1e-6)
        assert parts.losses[-1] == pytest.approx(whole.losses[-1], rel=1e-5)


def fixed_net(batch: int) -> str:
    return f"""net_param {{ name: "fixed"
      layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: {batch} dim: 6 }} }} }}
      layer {{ name: "y" type: "Input" top: "y" input_param {{ shape {{ dim: {batch} dim: 2 }} }} }}
      layer {{ name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
        inner_product_param {{ num_output: 2 weight_filler {{ type: "xavier" }} }} }}
      layer {{ name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" }} }} """


def feed(solver, x, y) -> None:
    solver.net.blobs["x"].data[...] = x
    solver.net.blobs["y"].data[...] = y


def test_clipping_acts_before_the_division_by_iter_size(make, lines):
    plain, clipped = (make(f"iter_size: 2 {more}", settings='base_lr: 1 lr_policy: "fixed" '
                           "random_seed: 5 ") for more in ("", "clip_gradients: 0.25"))
    start = values(plain)
    for solver in (plain, clipped):
        solver.step(1)
    moved = [[a - b for a, b in zip(start, values(s), strict=True)] for s in (plain, clipped)]
    gradients = [d / m for d, m in zip(moved[1], (1, 2, 1, 1), strict=True)]  # by lr_mult
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    assert norm == pytest.approx(0.25 / 2, rel=1e-4)
    assert_allclose(moved[1][0] / moved[0][0], (moved[1][2] / moved[0][2]).mean(), 1e-3)
    said = [line for line in lines if line.startswith("Gradient clipping")]
    assert len(said) == 1
    assert re.fullmatch(r"Gradient clipping: scaling down gradients \(L2 norm \S+ > 0.25\) by "
                        r"scale factor 0\.\d+", said[0])


def test_kept_views_are_used_and_current(make):
    solver = make()
    weights, grads = (getattr(solver.net.params["ip1"][0], name) for name in ("data", "diff"))
    weights[...] = 0.5
    solver.step(1)
    assert_allclose(weights + grads, 0.5, 1e-5)  # diff is what was subtracted
    assert grads.any()
    before = weights.copy()
    solver.step(1)
    assert_allclose(before - weights, grads, 1e-4, 1e-6)


def test_a_kept_view_of_gradients_does_not_add_old_ones(make):
    kept, plain = make(), make()
    view = kept.net.params["ip2"][0].diff
    for solver in (kept, plain):
        solver.step(4)
    for a, b in zip(values(kept), values(plain), strict=True):
        assert_array_equal(a, b)
    assert view.any()


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


def test_no_batches_of_a_test_are_no_division_by_zero(make):
    solver = make("test_iter: 0 test_interval: 1 test_compute_loss: true max_iter: 1")
    assert solver.test() == []


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


def test_tests_are_due_by_interval_and_share_the_weights(make, lines):
    solver = make(TESTING + "max_iter: 4 test_compute_loss: true")
    solver.solve()
    tested = [line for line in lines if "Testing net" in line]
    assert tested == [f"Iteration {i}, Testing net (#0)" for i in (0, 2, 4)]
    assert sum(line.startswith("Test loss: ") for line in lines) == 3
    for layer, blobs in solver.net.params.items():
        for a, b in zip(blobs, solver.test_nets[0].params[layer], strict=True):
            assert a.values.memory is b.values.memory


def test_test_gives_means_over_its_batches(make, lines):
    solver = make(TESTING)
    net = solver.test_nets[0]
    (name, mean), = solver.test(0)
    net.layer("data").position = 0
    each = [net.forward() for _ in range(3)]
    assert name == "loss"
    assert mean == pytest.approx(np.mean(each), rel=1e-5)
    assert lines[-1].startswith(f"    Test net output #0: loss = {mean[0]:g} (* 1 = ")


def test_several_test_nets(make, lines):
    solver = make("test_iter: 1 test_iter: 2 test_interval: 3 test_initialization: false")
    solver.step(1)
    assert not any("Testing" in line for line in lines)
    solver.step(3)
    tested = [line for line in lines if "Testing net" in line]
    assert tested == ["Iteration 3, Testing net (#0)", "Iteration 3, Testing net (#1)"]
    assert [net.layer("data").position for net in solver.test_nets] == [1, 2]


def actions(*asked):
    """An ``action`` that answers these, one a call, then None."""
    rest = list(asked)
    return lambda: rest.pop(0) if rest else None


def test_stop_between_iterations(make, lines, folder):
    solver = make("max_iter: 10", action=actions(None, "stop"))
    solver.solve()
    assert solver.iter == 2 and solver.stopped
    assert lines[-1] == "Optimization stopped early."
    assert (folder / "snap_iter_2.solverstate").exists()  # nothing of the work is lost
    solver.step(1)
    assert solver.iter == 3 and not solver.stopped


def test_snapshot_on_request(make, folder):
    solver = make("max_iter: 3 snapshot_after_train: false", action=actions(None, "snapshot"))
    solver.solve()
    assert sorted(p.name for p in folder.iterdir()) == [
        "snap_iter_2.caffemodel", "snap_iter_2.solverstate"]


def test_stop_within_a_test(make, lines, folder):
    solver = make(TESTING + "max_iter: 10", action=actions(None, "snapshot", "stop"))
    solver.solve()
    assert solver.iter == 0
    assert "Test interrupted." in lines and lines[-1] == "Optimization stopped early."
    assert (folder / "snap_iter_0.caffemodel").exists()
    assert solver.test(0)  # asked anew, it tests


@pytest.mark.parametrize("asked", ["stop", "snapshot"])
@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_snapshot_of_the_first_test_goes_on_with_the_whole_test(asked, batches, make, folder):
    """Even when some of its batches are used up, and no reader had read anything before."""
    solver = make(TESTING + "max_iter: 2")
    solver.action = actions(*[None] * batches, asked)
    solver.step(1)
    state = solver.snapshot() if asked == "stop" else str(next(folder.glob("*.solverstate")))
    again = make(TESTING + "max_iter: 2")
    again.restore(state)
    assert (again.iter, again.test_nets[0].layers[0].position) == (0, 0)
    assert asked != "stop" or solver.test_nets[0].layers[0].position == 0


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


class Doubling(Single):
    """Stands for two workers whose mean gradient is twice ours."""

    size = 2

    def __init__(self) -> None:
        self.calls: list[str] = []

    def broadcast(self, array, root=0):
        self.calls.append("broadcast")

    def average(self, array):
        self.calls.append("average")
        array *= 2

    def abort(self, error):
        self.calls.append(f"abort: {error}")


def test_gradients_go_through_the_communicator(make):
    settings = 'base_lr: 0.1 lr_policy: "fixed" random_seed: 1 '
    workers = Doubling()
    alone, together = make(settings=settings), make(settings=settings, communicator=workers)
    start = values(alone)
    for solver in (alone, together):
        solver.step(1)
    for before, a, b in zip(start, values(alone), values(together), strict=True):
        assert_allclose(2 * (before - a), before - b, 1e-4, 1e-7)
    assert workers.calls == ["broadcast"] * 4 + ["average"]

    def broken(solver):
        raise ConfigError("broken hook")

    together.on_start.append(broken)
    with pytest.raises(ConfigError, match="broken hook"):
        together.step(1)
    assert workers.calls[-1] == "abort: broken hook"


def test_the_message_given_stays_as_it_is(make):
    first = make("max_iter: 5")
    param = first.param
    second = create_solver(param)
    second.param.max_iter = 9
    assert (first.max_iter, second.max_iter) == (5, 9)
    second.close()
