"""glog's log files and its levels."""

from __future__ import annotations

import getpass
import logging
import os
import platform
import re
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from caffepy import log
from caffepy.cli import gflags
from caffepy.services import logfiles


@gflags.command("caffepy")
@gflags.flag("levels", str, "info")
def tool(levels: str) -> None:
    for level in levels.split(","):
        getattr(log.get("caffepy.some.place"), level)("a line of %s", level)


def run(*arguments: str):
    return CliRunner().invoke(tool, arguments, prog_name="caffepy")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.is_symlink())


def test_a_file_is_named_as_glog_names_it_and_made_when_first_needed(tmp_path: Path) -> None:
    assert run("-levels=info", f"--log_dir={tmp_path}/new").exit_code == 0
    (name,) = names(tmp_path / "new")
    machine = re.escape(f"caffe.{platform.node() or 'localhost'}.{getpass.getuser()}.log.INFO.")
    assert re.fullmatch(machine + r"\d{8}-\d{6}\.\d+", name)
    assert name.endswith(f".{os.getpid()}")
    assert os.readlink(tmp_path / "new" / "caffe.INFO") == name
    lines = (tmp_path / "new" / name).read_text().splitlines()
    assert re.fullmatch(r"Log file created at: \d{4}/\d\d/\d\d \d\d:\d\d:\d\d", lines[0])
    assert re.fullmatch(
        r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ test_logfiles\.py:\d+\] a line of info", lines[-1])


def test_each_file_holds_its_level_and_all_above(tmp_path: Path) -> None:
    run("-levels=info,error,warning", f"--log_dir={tmp_path}")
    kinds = {}
    for name in names(tmp_path):
        text = (tmp_path / name).read_text()
        kinds[name.split(".log.")[1].split(".")[0]] = re.findall("a line of (.*)", text)
    assert kinds == {
        "INFO": ["info", "error", "warning"], "WARNING": ["error", "warning"],
        "ERROR": ["error"]}


def test_logtostderr_writes_no_file(tmp_path: Path) -> None:
    done = run("--logtostderr", f"--log_dir={tmp_path}")
    assert "a line of info" in done.stderr
    assert names(tmp_path) == []


def test_the_temporary_folder_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GLOG_log_dir")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run()
    assert len(names(tmp_path)) == 1


def test_minloglevel_drops_lines_everywhere(tmp_path: Path) -> None:
    done = run("-levels=info,warning", "--minloglevel=1", f"--log_dir={tmp_path}")
    assert re.findall("a line of (.*)", done.stderr) == ["warning"]
    assert {name.split(".log.")[1].split(".")[0] for name in names(tmp_path)} == {
        "INFO", "WARNING"}


def test_without_alsologtostderr_only_high_levels_are_shown() -> None:
    levels = "-levels=info,warning,error"
    done = run(levels, "--alsologtostderr=false")
    assert re.findall("a line of (.*)", done.stderr) == ["error"]
    done = run(levels, "--noalsologtostderr", "--stderrthreshold=1")
    assert re.findall("a line of (.*)", done.stderr) == ["warning", "error"]


def test_a_folder_that_cannot_be_written_costs_a_warning_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("-levels=info,info", f"--log_dir={tmp_path}/file/sub")
    assert done.exit_code == 0
    assert done.stderr.count("a line of info") == 2
    # the INFO file and, because of that warning, the WARNING file
    assert done.stderr.count("No log file in") == 2


def test_nothing_of_it_stays_behind() -> None:
    run()
    handlers = logging.getLogger(log.ROOT).handlers
    assert not any(isinstance(handler, logfiles.LevelFile) for handler in handlers)


def test_tools_log_under_their_own_name() -> None:
    assert logfiles.file_program("caffepy") == "caffe"
    assert logfiles.file_program("caffe") == "caffe"
    assert logfiles.file_program("convert_imageset") == "convert_imageset"
    assert logfiles.file_program("python -m caffepy.tools.x") == "python"


def test_pythons_warnings_are_lines_of_the_log(tmp_path: Path) -> None:
    @gflags.command("caffepy")
    def overflowing() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            # catch_warnings puts Python's own way to show them back
            end = log.take_warnings()
            warnings.warn("too\n  large", RuntimeWarning, stacklevel=1)
            end()

    before = warnings.showwarning
    done = CliRunner().invoke(overflowing, ["--logtostderr"], prog_name="caffepy")
    assert warnings.showwarning is before
    assert re.fullmatch(r"W\d{4} \S+ +\d+ log.py:\d+\] RuntimeWarning: too large "
                        r"\(test_logfiles.py:\d+\)\n", done.stderr), done.stderr
