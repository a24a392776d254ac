"""What the command's tests share: a runner in this process, and one as the shell would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caffepy.cli.main import main

Call = Callable[..., Result]


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No log file leaves the test's folder, the shell's settings do not reach the test, and the
    engine is the one that is everywhere."""
    for name in list(os.environ):
        if name.startswith("GLOG_") or name == "CAFFEPY_TRACEBACK":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    monkeypatch.setenv("GLOG_log_dir", str(tmp_path / "logs"))


@pytest.fixture
def call() -> Call:
    """Call the command in this process; ``.output`` holds what both streams got."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the command as a process of its own, in an empty folder."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "caffepy", *map(str, arguments)],
            cwd=tmp_path, env={**os.environ, **environment}, text=True, capture_output=True,
            timeout=120, check=False,
        )

    return run
