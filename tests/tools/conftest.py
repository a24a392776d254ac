"""What the tools' tests share: a runner in this process, and one of the installed command."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caffepy import log

Call = Callable[..., Result]
Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No log file leaves the test's folder, and the shell's settings do not reach the test."""
    for name in list(os.environ):
        if name.startswith("GLOG_") or name == "CAFFEPY_TRACEBACK":
            monkeypatch.delenv(name)
    monkeypatch.setenv("GLOG_logtostderr", "1")
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")


@pytest.fixture(autouse=True)
def same_log_level():
    """A tool sets the level of the process's log; other tests shall not notice."""
    root = logging.getLogger(log.ROOT)
    before = root.level, root.handlers[:], root.propagate
    yield
    root.level, root.handlers[:], root.propagate = before


@pytest.fixture
def call() -> Call:
    """Call a tool's ``main`` in this process; ``.output`` holds what both streams got."""

    def run(main: object, *arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Call a tool by its installed name, as a process of its own, in the test's folder."""

    def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
        name, *arguments = map(str, words)
        program = Path(sys.executable).parent / name
        assert program.exists(), f"{name} is not installed: pip install -e ."
        return subprocess.run(
            [str(program), *arguments], cwd=tmp_path, text=True, capture_output=True,
            timeout=120, check=False, **options)

    return run


def messages(text: str) -> list[str]:
    """Log lines without their prefix."""
    return [line.partition("] ")[2] for line in text.splitlines()]


@pytest.fixture(name="messages")
def messages_fixture() -> Callable[[str], list[str]]:
    return messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for pictures."""
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"
