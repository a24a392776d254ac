"""Whatever is raised, a command ends with one readable line and an exit code."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from caffepy.cli import gflags
from caffepy.errors import DataError


def end_with(error: BaseException, *arguments: str):
    @gflags.command("tool")
    def tool() -> None:
        raise error

    return CliRunner().invoke(tool, arguments, prog_name="tool")


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_our_errors_show_themselves() -> None:
    class Seven(DataError):
        exit_code = 7

    done = end_with(Seven("bad record", where="db", fix="Make it anew."))
    assert (done.exit_code, done.stderr) == (7, "tool: error: db: bad record. Make it anew.\n")


@pytest.mark.parametrize(("error", "text"), [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x/y"),
     "/x/y: No space left on device. Free some space"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device. Free"),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/x"),
     "/x: Permission denied. Check who owns it"),
    (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), b"/x"),
     "/x: No such file or directory"),
    (MemoryError(), "not enough memory. A smaller batch_size"),
    (MemoryError("Unable to allocate 3 GiB"), "not enough memory (Unable to allocate 3 GiB)."),
])
def test_the_machines_limits_are_no_bugs(error: Exception, text: str) -> None:
    done = end_with(error)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"tool: error: {text}")
    assert done.stderr.count("\n") == 1 and "bug" not in done.stderr


def test_a_bug_is_one_line_and_its_traceback_a_file(temporary: Path) -> None:
    done = end_with(KeyError("a\nb"))
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "KeyError" in done.stderr and "This is a bug in caffepy" in done.stderr
    path = Path(re.search(r"traceback is in (\S+)\.\n", done.stderr)[1])
    assert path.parent == temporary
    assert "Traceback" in path.read_text() and "in tool" in path.read_text()


def test_a_traceback_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    monkeypatch.setenv("GLOG_logtostderr", "1")
    assert "run again with -v" in end_with(ValueError("x")).stderr


@pytest.mark.parametrize("error", [ValueError("odd"), DataError("bad")])
def test_v_or_the_environment_ask_for_the_traceback(
    monkeypatch: pytest.MonkeyPatch, temporary: Path, error: Exception
) -> None:
    if isinstance(error, DataError):
        assert "Traceback" not in end_with(error).stderr
    assert "Traceback" in end_with(error, "-v").stderr
    monkeypatch.setenv("CAFFEPY_TRACEBACK", "0")
    assert "Traceback" not in end_with(error).stderr
    monkeypatch.setenv("CAFFEPY_TRACEBACK", "1")
    assert "Traceback" in end_with(error).stderr


def test_ctrl_c() -> None:
    done = end_with(KeyboardInterrupt())
    assert done.exit_code == 130
    assert done.stderr.strip() == "tool: interrupted"


def test_a_reader_that_left_is_no_error() -> None:
    done = end_with(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))
    assert done.exit_code == 1
    assert done.output == ""
