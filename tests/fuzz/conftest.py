"""The seed of random cases: a new one each time, shown at the end so that a run can be repeated."""

from __future__ import annotations

import os
import secrets

import pytest

VARIABLE = "CAFFEPY_FUZZ_SEED"
_runs = pytest.StashKey()


@pytest.fixture(scope="session")
def seed() -> int:
    return int(os.environ.get(VARIABLE) or secrets.randbits(31))


@pytest.fixture
def report(request, seed):
    """Called with each run: what was played is said at the end, whether it failed or not."""
    told = request.config.stash.setdefault(_runs, [])
    return lambda run: told.append(
        f"{run.isa}: {sum(run.cases.values())} cases of {len(run.cases)} families; "
        f"again: {VARIABLE}={seed} pytest tests/fuzz")


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(_runs, []):
        terminalreporter.write_line(f"fuzz: {line}")
