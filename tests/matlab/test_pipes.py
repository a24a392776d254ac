"""The program behind Octave, driven by pipes of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from caffepy.matlab import FOLDER, frames


class Child:
    """The program, and what is said to it."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*command, sys.executable, str(FOLDER)], cwd=folder, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, *values):
        self.say(*values)
        return self.hear()

    def say(self, *values) -> None:
        for piece in frames.packed([str(self.folder), *values]):
            self.process.stdin.write(piece)
        self.process.stdin.flush()

    def hear(self):
        length, = frames.LENGTH.unpack(self.process.stdout.read(8))
        return frames.unpacked(self.process.stdout.read(length))

    def end(self) -> tuple[int, str]:
        """By the end of its input; what it returns, and all that it has written beside frames."""
        self.process.stdin.close()
        errors = self.process.stderr.read().decode()
        assert self.process.stdout.read() == b""
        return self.process.wait(30), errors


@pytest.fixture
def child(folder):
    child = Child(folder)
    yield child
    child.process.kill()
    for pipe in (child.process.stdin, child.process.stdout, child.process.stderr):
        pipe.close()
    child.process.wait()


def endless(child, folder) -> list:
    """Let it train without an end, and say when it has begun."""
    text = (folder / "solver.prototxt").read_text()
    (folder / "endless.prototxt").write_text(text.replace("max_iter: 9", "max_iter: 1000000000"))
    _, solver = child.ask("get_solver", "endless.prototxt")
    child.say("solver_solve", solver)
    while b"Iteration 3 " not in child.process.stderr.readline():
        assert child.process.poll() is None
    return solver


def test_the_end_of_its_input_is_its_end(child):
    assert child.ask("version") == ["", "1.0.0"]
    assert child.end() == (0, "")


def test_what_python_prints_is_in_no_frame(child):
    status, net = child.ask("get_net", "noisy.prototxt", "test")
    assert status == "" and child.ask("net_forward", net) == [""]
    code, errors = child.end()
    assert code == 0 and errors == "printed by setup\nprinted by forward\n"


def test_ctrl_c_ends_the_work_and_not_the_program(child, folder):
    child.ask("version")
    child.process.send_signal(signal.SIGINT)        # while nothing is to be done: nothing
    solver = endless(child, folder)
    child.process.send_signal(signal.SIGINT)
    assert child.hear() == ["caffe:Interrupted", "interrupted"]
    status, iterations = child.ask("solver_get_iter", solver)
    assert status == "" and iterations > 0
    assert child.ask("solver_step", solver, 2.0) == [""]
    assert child.ask("solver_get_iter", solver)[1] == iterations + 2


def test_nobody_trains_for_nobody(child, folder):
    """Octave was killed in the middle of a training."""
    endless(child, folder)
    child.process.stdin.close()
    while child.process.stderr.read(1 << 16):
        pass
    assert child.process.wait(30) == 128 + signal.SIGTERM


def test_a_pipe_that_others_hold_keeps_nobody_alive(folder, tmp_path):
    """Octave is gone, and another child of its has inherited the pipe: here that is the test."""
    script = tmp_path / "parent.py"
    script.write_text("import subprocess, sys\n"
                      "subprocess.run([sys.executable, sys.argv[1]], stdin=0, stdout=1)\n")
    into, out = os.pipe()
    parent = subprocess.Popen([sys.executable, str(script), str(FOLDER)], stdin=into,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(out, b"".join(frames.packed([str(folder), "version"])))
    reply = b"".join(frames.packed(["", "1.0.0"]))
    assert parent.stdout.read(len(reply)) == reply
    parent.kill()
    parent.wait(30)
    assert parent.stdout.read() == b""              # which ends when the child does
    for pipe in (into, out):
        os.close(pipe)
    parent.stdout.close()
    parent.stderr.close()


def test_a_python_without_caffepy_s_packages_says_so(tmp_path):
    done = subprocess.run([sys.executable, "-I", "-S", str(FOLDER)], text=True, cwd=tmp_path,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"caffepy: error: {sys.executable} lacks the package numpy\n"


def test_python_m_is_the_same(tmp_path):
    done = subprocess.run([sys.executable, "-m", "caffepy.matlab"], cwd=tmp_path, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
