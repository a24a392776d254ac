"""A slow training says why, once."""

from __future__ import annotations

import pytest
from solvers.conftest import make  # noqa: F401

from caffepy.services import pace
from caffepy.services.busy import Use
from caffepy.services.pace import PATIENCE, Pace


class Machine:
    """One on which time goes on as a test says."""

    def __init__(self):
        self.now, self.use = 0.0, Use(1.0, 0.0, 0.0)

    def steps(self, pace, count, seconds, waiting=0.0, others=0.0):
        """Steps of so many seconds each, on one thread; between them the clock goes on, too."""
        for _ in range(count):
            pace.begin()
            self.now += seconds
            pace.end()
            self.now += 0.001
            use = self.use
            self.use = Use(use.ran + seconds * (1 - waiting), use.waited + seconds * waiting,
                           use.others + seconds * others)


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def watched(machine, monkeypatch):
    for name in ("OMP_NUM_THREADS", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pace.cores, "usable", lambda: 2)
    return Pace(lambda: machine.use, lambda: machine.now)


def test_steps_that_became_slow_on_a_busy_machine(machine, watched, caplog):
    machine.steps(watched, 1000, 0.01)
    assert not caplog.messages
    machine.steps(watched, 200, 0.05, waiting=0.4, others=1.5)
    said, = caplog.messages
    assert said.startswith("A step takes 50 ms (10 ms at best): other programs keep 1.5 of the 2 "
                           "cores busy, and this one waits for a core for 40% of its time.")
    assert "OMP_NUM_THREADS=1 or GOMP_SPINCOUNT=0 before the command" in said
    machine.steps(watched, 1000, 0.05, waiting=0.4, others=1.5)
    assert len(caplog.messages) == 1


def test_a_machine_that_was_busy_from_the_beginning(machine, watched, caplog):
    machine.steps(watched, 200, 0.05, waiting=0.6, others=2)
    said, = caplog.messages
    assert said.startswith("A step takes 50 ms: other programs")


@pytest.mark.parametrize("seconds, waiting, others", [
    (0.05, 0.1, 1.5),    # slow for another reason, such as data
    (0.05, 0.6, 0.1),    # its own threads are in each other's way
    (0.015, 0.4, 1.0)])  # held up a little
def test_nothing_is_said_of_others_without_them(machine, watched, caplog, seconds, waiting, others):
    machine.steps(watched, 1000, 0.01)
    machine.steps(watched, 1000, seconds, waiting, others)
    assert not caplog.messages


def test_a_hiccup_is_not_worth_a_line(machine, watched, caplog):
    for _ in range(3):
        machine.steps(watched, 300, 0.01)
        machine.steps(watched, (PATIENCE - 1) * 40, 0.05, waiting=0.8, others=2)
    assert not caplog.messages


def test_settings_that_are_there_are_not_proposed(machine, watched, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "; GOMP_SPINCOUNT=0 before" in pace.sentence(1, 0.1, 0.5, 1)
    monkeypatch.setenv("GOMP_SPINCOUNT", "0")
    assert "spinning" not in pace.sentence(1, 0.1, 0.5, 1)


def test_where_the_system_says_nothing(machine, caplog):
    silent = Pace(lambda: None, lambda: machine.now)
    machine.steps(silent, 1000, 0.01)
    machine.steps(silent, 1000, 0.1, waiting=0.9, others=2)
    assert silent.done and not caplog.messages


def test_a_training_is_watched_while_it_lasts(make,  # noqa: F811
                                              monkeypatch, caplog):
    monkeypatch.setattr(pace, "BLOCK", 0.0)
    uses = iter(Use(n, n, 1e6 * n) for n in range(1000))
    solver = make("max_iter: 10")
    hooks = len(solver.on_start), len(solver.on_iteration)
    with pace.watched(solver, lambda: next(uses)):
        solver.step(10)
    assert sum("other programs" in message for message in caplog.messages) == 1
    assert hooks == (len(solver.on_start), len(solver.on_iteration))
