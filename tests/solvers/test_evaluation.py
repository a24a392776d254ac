"""Tests that are due; what stops a run or asks for a snapshot, within a test and between steps."""

from __future__ import annotations

import numpy as np
import pytest

TESTING = "test_iter: 3 test_interval: 2 "


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


def test_no_batches_of_a_test_are_no_division_by_zero(make):
    solver = make("test_iter: 0 test_interval: 1 test_compute_loss: true max_iter: 1")
    assert solver.test() == []


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
