"""Logs of train, with both streams in one file, as other people's parsers read them.

The parsers' patterns are facts about them: Caffe's parse_log.sh, extract_seconds.py, parse_log.py
(that of 2015 stops at a line without a date) and plot_training_log.py, and DIGITS'.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.nets import write_net, write_solver

RUNS = {
    "plain": {},
    "averaged": dict(average_loss=3, display=1),
    "workers": dict(flags=["-workers=2"]),
    "two test nets": dict(test_net='"net.prototxt"\ntest_net: "net.prototxt"\ntest_iter: 1'),
    "diverges": dict(base_lr="1e38", test_initialization="false"),
    "steps": dict(lr_policy='"multistep" gamma: 0.1 stepvalue: 2', max_iter=8),
    "snapshots": dict(snapshot=1, debug_info="true"),
}


@pytest.fixture(scope="module", params=RUNS)
def log(request, tmp_path_factory) -> tuple[str, list[str]]:
    """The name of a run, and the lines of its log."""
    folder: Path = tmp_path_factory.mktemp("run")
    fields = dict(RUNS[request.param])
    flags = fields.pop("flags", [])
    write_net(folder)
    write_solver(folder, **fields)
    if "test_net" in fields:
        path = folder / "solver.prototxt"
        path.write_text(path.read_text().replace("\nnet:", "\ntrain_net:").replace(
            'net: "net.prototxt"', 'train_net: "net.prototxt"', 1))
    environment = {name: value for name, value in os.environ.items() if "GLOG" not in name}
    with open(folder / "log", "w") as file:
        subprocess.run([sys.executable, "-m", "caffepy", "train", "-solver=solver.prototxt",
                        "-logtostderr", *flags], cwd=folder, stdout=file, stderr=subprocess.STDOUT,
                       check=True, timeout=120, env={**environment, "CAFFEPY_ENGINE": "reference"})
    return request.param, (folder / "log").read_text().splitlines()


def date(line: str) -> dt.datetime:
    """As extract_seconds.py reads it; ValueError where it would stop."""
    day, clock, *_ = line.strip().split()
    hour, minute, second = clock[: clock.rfind(".")].split(":")
    return dt.datetime(2026, int(day[1:3]), int(day[3:5]), int(hour), int(minute),
                             int(second), int(clock[clock.rfind(".") + 1:]))


def test_every_line_from_the_first_iteration_on_has_a_date(log):
    _, lines = log
    start = next(i for i, line in enumerate(lines) if "Solving" in line)
    assert date(lines[start])  # the first line with this word is the start
    times = [date(line) for line in lines[start:]]
    assert times == sorted(times)
    # and nothing before it is taken for an iteration
    assert not [line for line in lines[:start] if "Iteration" in line]


def test_iterations_are_counted_by_caffes_lines_alone(log):
    _, lines = log
    forms = r", Testing net \(#\d\)|( \(.*\))?, loss = \S+|, lr = \S+"
    for line in lines:
        if "Iteration" in line and "MultiStep Status" not in line:
            assert re.search(rf"\] Iteration \d+({forms})$", line), line


def test_parse_log_sh(log):
    name, lines = log
    # training: each of these three lists is a column of the table
    losses = [line for line in lines if ", loss = " in line]
    iterations = [re.sub(r".*Iteration (\d*).*", r"\1", line) for line in losses]
    values = [line.split("=")[1] for line in losses]
    rates = [line.split()[8] for line in lines if ", lr = " in line]
    assert all(number.isdigit() for number in iterations) and len(iterations) == len(values)
    assert list(map(int, iterations)) == sorted(map(int, iterations))
    assert [float(value) for value in values] and [float(rate) for rate in rates]
    assert len(losses) == len(rates) + 1  # the last has no update any more
    if name == "two test nets":
        return  # which the original's script mixes up
    start = next(i for i, line in enumerate(lines) if re.search("Iteration .* Testing net", line))
    rest = [line for line in lines[start:]
            if not re.search(r"Iteration .* loss|Iteration .* lr|Train net", line)]
    tests = [line for line in rest if "Iteration " in line]
    assert [line for line in lines if "Testing net" in line] == [
        line for line in tests if "MultiStep" not in line]
    for number, blob in (("#0", "accuracy"), ("#1", "loss")):
        found = [line.split() for line in rest if f"Test net output {number}" in line]
        assert len(found) == len([line for line in lines if "Testing net" in line])
        assert all(words[8] == blob and float(words[10]) == float(words[10]) or name == "diverges"
                   for words in found)


def test_parsers_by_patterns(log):
    """parse_log.py's and DIGITS' patterns find what Caffe's lines say and nothing else."""
    _, lines = log
    number = r"([-+]?(?:[\d.]+(?:e[-+]?\d+)?|nan|inf))"
    for pattern, own in ((rf"Train net output #(\d+): (\S+) = {number}", "Train net output"),
                         (rf"Test net output #(\d+): (\S+) = {number}", "Test net output"),
                         (r"Iteration (\d+), Testing net \(#(\d+)\)", "Testing net"),
                         (rf"lr = {number}", "lr = "),
                         (rf"Iteration (\d+)(?: \(.*\))?, \w*[Ll]oss\w* = {number}", ", loss = ")):
        matching = [line for line in lines if re.search(pattern, line)]
        assert matching == [line for line in lines if own in line] and matching


def test_what_train_prints_of_the_last_test_is_no_line_of_caffes(tmp_path):
    """Where the log goes elsewhere it stands alone; and if another program joins them later."""
    write_net(tmp_path)
    write_solver(tmp_path)
    done = subprocess.run([sys.executable, "-m", "caffepy", "train", "-solver=solver.prototxt"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
                          env={**os.environ, "GLOG_log_dir": str(tmp_path)})
    assert done.stdout.startswith("The last test, after 4 iterations: accuracy ")
    for word in ("Iteration", "=", "Test", "Train net", "Solving"):
        assert word not in done.stdout
