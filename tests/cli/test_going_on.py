"""The command that goes on with a stopped training."""

from __future__ import annotations

import shlex
import sys

import pytest

from caffepy.cli import going_on

SOLVER = "--solver=my solver.prototxt"


@pytest.mark.parametrize("program, words", [
    ("/no/where/caffepy", ["/no/where/caffepy"]), ("/no/where/train_net.bin", ["caffepy"]),
    ("/x/caffepy/__main__.py", [sys.executable, "-m", "caffepy"])])
def test_the_program_is_called_as_it_was(monkeypatch, program, words):
    monkeypatch.setattr(sys, "argv", [program])
    assert shlex.split(going_on.command([SOLVER])) == [
        *words, "train", "-solver", "my solver.prototxt", "-snapshot"]


def test_one_on_the_path_by_its_name(monkeypatch, tmp_path):
    (tmp_path / "caffe").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "caffe")])
    assert going_on.command([]) == "caffe train -snapshot"


def test_flags_stay_but_for_what_it_began_with(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x"])
    given = [SOLVER, "--weights=a.caffemodel", "--measurements=false", "--gpu=0,1", "--snapshot=s"]
    assert shlex.split(going_on.command(given, 4)) == [
        "mpirun", "-n", "4", "caffepy", "train", "-solver", "my solver.prototxt",
        "-measurements=false", "-gpu", "0,1", "-snapshot"]
