"""train, test and time on a small net: what they log, write and leave behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.nets import messages, write_net, write_solver

NUMBER = r"-?[\d.]+(?:e[-+]\d+)?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    write_solver(tmp_path)
    return tmp_path


def trained(call, *arguments: str) -> list[str]:
    done = call("train", "-solver=solver.prototxt", *arguments)
    assert done.exit_code == 0, done.output
    return messages(done.stderr)


def test_train_says_what_the_original_says(call, folder: Path) -> None:
    lines = trained(call)
    assert lines[0] == "Use CPU."
    assert "Starting Optimization" in lines and "Solving small" in lines
    assert lines[-2:] == ["Optimization Done."] * 2
    assert sum(line.startswith("    Test net output #0: accuracy = ") for line in lines) == 2
    assert (folder / "small_iter_4.caffemodel").exists()
    assert (folder / "small_iter_4.solverstate").exists()


def test_train_ends_by_saying_the_last_test(call) -> None:
    done = call("train", "-solver=solver.prototxt")
    logged = [line.split(" = ")[1].split(" ")[0] for line in messages(done.stderr)
              if line.startswith("    Test net output #")][-2:]
    last, pace, what, *commands = done.stdout.splitlines()
    assert last == f"The last test, after 4 iterations: accuracy {logged[0]}, loss {logged[1]}"
    assert re.fullmatch(r"4 iterations took \S+ s.*; \S+ iterations/s \(\S+ items/s\)", pace)
    assert what == "What next:"
    report, plot, deploy = [command.split(" caffepy ")[1].split() for command in commands]
    assert report == ["test", "-model", "net.prototxt", "-weights", "small_iter_4.caffemodel",
                      "-report", "report"]
    assert plot == ["plot", "small.jsonl"] and deploy == ["deploy", "net.prototxt",
                                                          "deploy.prototxt"]
    assert call(*report, "-iterations=1").exit_code == 0
    assert call(*deploy).exit_code == 0


def test_train_ends_by_saying_the_best_test(call, folder: Path) -> None:
    """A rate so high that the loss only grows after the first test."""
    write_solver(folder, base_lr=1000, test_interval=1)
    found = call("train", "-solver=solver.prototxt").stdout.splitlines()[1]
    assert re.match(r"The best (accuracy|loss) was \S+, after [123] iterations; with snapshot_best",
                    found)
    write_solver(folder, 'snapshot_best: "loss"', base_lr=1000, test_interval=1)
    done = call("train", "-solver=solver.prototxt").stdout
    assert re.search(r"^The best loss, \S+, is of iteration \d: small_best.caffemodel$", done, re.M)
    assert "-weights small_best.caffemodel" in done


def test_level_and_stages_go_into_the_train_state(call) -> None:
    def state(*arguments: str) -> str:
        text = "\n".join(trained(call, *arguments))
        return re.search(r"^train_state \{\n(.*?)\n\}", text, re.M | re.S)[1]

    assert state() == '  level: 0\n  stage: ""'
    assert state("-level", "2", "-stage=a,b") == '  level: 2\n  stage: "a"\n  stage: "b"'


def test_stages_of_the_command_choose_layers(call, folder: Path) -> None:
    write_net(folder, 'layer { name: "extra" type: "Silence" bottom: "ip" '
                      'include { stage: "more" phase: TRAIN } }')
    assert "Creating Layer extra" not in trained(call)
    assert "Creating Layer extra" in trained(call, "-stage=more")


def test_a_level_of_the_file_gives_way_and_is_named(call, folder: Path) -> None:
    write_solver(folder, "train_state { level: 3 }")
    assert "train_state.level 3 of the solver file gives way to -level 0" in trained(call)


def test_resuming(call, folder: Path) -> None:
    trained(call)
    # what the state was learnt from is in it; the file's weights are not asked for
    write_solver(folder, 'weights: "nowhere.caffemodel"', max_iter=6)
    lines = trained(call, "-snapshot=small_iter_4.solverstate")
    assert "Resuming from small_iter_4.solverstate" in lines
    assert any(line.startswith("Iteration 4 ") or line.startswith("Iteration 4,")
               for line in lines)
    assert not any(line.startswith("Iteration 0") for line in lines)
    assert (folder / "small_iter_6.caffemodel").exists()


def test_finetuning_from_several_files(call, folder: Path) -> None:
    trained(call)
    os.rename("small_iter_4.caffemodel", "a.caffemodel")
    write_solver(folder, 'weights: "nowhere.caffemodel"')      # the flag replaces the field
    lines = trained(call, "-weights=a.caffemodel, a.caffemodel")
    # both files, into the train net and into the test net
    assert lines.count("Finetuning from a.caffemodel") == 4


def test_finetuning_says_once_where_each_layer_is_from(call, folder: Path) -> None:
    trained(call)
    os.rename("small_iter_4.caffemodel", "a.caffemodel")
    net = (folder / "net.prototxt").read_text()
    (folder / "net.prototxt").write_text(net.replace('name: "ip"', 'name: "mine"'))
    trained(call)
    os.rename("small_iter_4.caffemodel", "b.caffemodel")

    def rows(files: str) -> list[str]:
        lines = trained(call, f"-weights={files}")
        assert lines.count("Layers with weights, after loading:") == 1
        start = lines.index("Layers with weights, after loading:")
        return [line for line in lines[start + 1: start + 4] if line.startswith("    ")]

    assert rows("a.caffemodel") == ["    mine  initial values  in no file; 'ip' of a.caffemodel "
                                    "has its shapes",
                                    "    ip    unused          of a.caffemodel"]
    assert rows("b.caffemodel") == ["    mine  copied          from b.caffemodel"]
    assert rows("b.caffemodel,a.caffemodel") == [
        "    mine  copied          from b.caffemodel", "    ip    unused          of a.caffemodel"]


def test_solver_mode_gpu_counts_only_if_written(call, folder: Path) -> None:
    write_solver(folder, "device_id: 3")
    assert trained(call)[0] == "Use CPU."


# -------------------------------------------------------------------------------- signals


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A training without end, once its first iterations are done."""
    write_solver(folder, max_iter=10**8, test_interval=10**8, display=1000)
    process = subprocess.Popen(
        [sys.executable, "-m", "caffepy", "train", "-solver=solver.prototxt", *arguments],
        stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "Iteration 1000" in line:
            return process
    process.communicate()
    raise AssertionError(f"it ended by itself: {seen[-3:]}")


def test_ctrl_c_stops_with_a_snapshot(folder: Path) -> None:
    process = started(folder)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = messages(rest)
    (saved,) = folder.glob("*.solverstate")
    assert len(list(folder.glob("*.caffemodel"))) == 1
    stopped, done, last, on, command = lines[-5:]
    assert (stopped, done) == ("Optimization stopped early.", "Optimization Done.")
    assert last.endswith(f"The last snapshot: {saved.name}") and on == "This goes on from there:"
    # the command, as it is printed, goes on from there
    write_solver(folder, max_iter=int(saved.stem.rpartition("_")[2]) + 2, display=1)
    again = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert f"Resuming from {saved.name}" in messages(again.stderr)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_a_hang_up_takes_a_snapshot_and_goes_on(folder: Path) -> None:
    process = started(folder, "-sigint_effect=none")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.solverstate")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(list(folder.glob("*.solverstate"))) == 1
    assert process.poll() is None
    process.kill()
    process.communicate()       # also closes the pipe


# ------------------------------------------------------------------------------- progress


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal here")
def test_a_terminal_sees_a_bar_below_whole_log_lines(folder: Path) -> None:
    import pty

    write_solver(folder, max_iter=20, display=10)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "caffepy", "train", "-solver=solver.prototxt"],
        stderr=theirs, stdout=subprocess.DEVNULL, cwd=folder, env={**os.environ, "COLUMNS": "120"})
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:         # what Linux says when the other side has gone
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(60) == 0
    text = seen.decode()
    assert re.search(r"20/20 \[.*iter/s, loss [\d.]+, lr 0\.1\]", text)
    # each log line starts its line, whatever the bar drew there before
    starts = [match.start() for match in re.finditer(r"[IWE]\d{4} [\d:.]{15} +\d+ ", text)]
    assert len(starts) > 20
    assert {text[start - 1] for start in starts if start} <= {"\r", "\n"}
    assert "Iteration 10, lr = 0.1\r\n" in text


def test_no_bar_without_a_terminal(call) -> None:
    assert "iter/s, loss" not in call("train", "-solver=solver.prototxt").stderr


def test_train_writes_its_measurements_beside_the_snapshots(shell, folder):
    done = shell("train", "-solver", "solver.prototxt")
    assert done.returncode == 0, done.stderr
    with open("small.jsonl") as file:
        start, *rest = map(json.loads, file)
    assert start["solver"] == "solver.prototxt" and start["seed"] == 1
    assert [(line["type"], line["iter"]) for line in rest] == [
        ("test", 0), ("train", 0), ("train", 2), ("test", 4), ("train", 4)]
    assert rest[0]["outputs"].keys() == {"accuracy", "loss"}


def test_nomeasurements(call, folder):
    done = call("train", "-solver", "solver.prototxt", "-nomeasurements")
    assert done.exit_code == 0 and not (folder / "small.jsonl").exists()
