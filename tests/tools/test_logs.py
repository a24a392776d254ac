"""extract_seconds and parse_log."""

import csv
import math
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from support import REFERENCE

from caffepy.errors import DataError, NotFound
from caffepy.services import log_reading, log_seconds
from caffepy.tools import extract_seconds, parse_log

ROOT = Path(__file__).resolve().parents[2]
LENET = REFERENCE / "logs" / "lenet_train.log"
PREFIX = "I1122 16:29:%09.6f  7724 solver.cpp:239] "


def write(path, *lines, start=True, end="\n"):
    """A log of these lines, a second apart."""
    texts = ["Solving LeNet", *lines] if start else list(lines)
    path.write_text("\n".join(PREFIX % i + line for i, line in enumerate(texts)) + end)
    return str(path)


# -- what the original's parser makes of the recorded log ------------------------------------

def test_the_recorded_log():
    train, test = log_reading.parse_log(LENET)
    assert train == [
        {"NumIters": 0.0, "Seconds": 2.642913, "LearningRate": 0.01, "loss": 2.34889},
        {"NumIters": 100.0, "Seconds": 6.371562, "LearningRate": 0.01, "loss": 0.167817},
        {"NumIters": 200.0, "Seconds": 10.319598, "LearningRate": 0.00992565, "loss": 0.169717},
        {"NumIters": 300.0, "Seconds": 13.887918, "LearningRate": 0.00985258, "loss": 0.170638},
        {"NumIters": 400.0, "Seconds": 17.765912, "LearningRate": 0.00978075, "loss": 0.0922904},
    ]
    assert test == [
        {"NumIters": 0.0, "Seconds": 2.596833, "LearningRate": 0.00971013, "accuracy": 0.0953,
         "loss": 2.36467},
        {"NumIters": 500.0, "Seconds": 23.841618, "LearningRate": 0.00971013,
         "accuracy": 0.9707, "loss": 0.0918382},
    ]


def test_the_installed_command_writes_the_tables(shell, tmp_path):
    done = shell("parse_log", "--verbose", LENET, ".")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Wrote ./lenet_train.log.train\nWrote ./lenet_train.log.test\n"
    assert (tmp_path / "lenet_train.log.test").read_bytes() == (
        b"NumIters,Seconds,LearningRate,accuracy,loss\r\n"
        b"0.0,2.596833,0.00971013,0.0953,2.36467\r\n"
        b"500.0,23.841618,0.00971013,0.9707,0.0918382\r\n")
    assert (tmp_path / "lenet_train.log.train").read_bytes().count(b"\r\n") == 6


def test_delimiters(call, tmp_path):
    done = call(parse_log.main, LENET, tmp_path, "--delimiter=;")
    assert done.exit_code == 0
    text = (tmp_path / "lenet_train.log.train").read_text()
    assert text.startswith("NumIters;Seconds;LearningRate;loss\n")
    assert call(parse_log.main, LENET, tmp_path, "--delimiter", "\\t").exit_code == 0
    assert "NumIters\tSeconds" in (tmp_path / "lenet_train.log.train").read_text()
    done = call(parse_log.main, LENET, tmp_path, "--delimiter=ab")
    assert done.exit_code == 1 and "one character" in done.output


# -- the forms of lines ------------------------------------------------------------------------

@pytest.mark.parametrize("form", [
    "Iteration 100, loss = 0.17",
    "Iteration 100 (26.824 iter/s, 3.728s/100 iters), loss = 0.17",
    "Iteration 100 (26.824 iter/s, 3.728s/100 iter), 0.5/60ep, loss = 0.17",
    "Iteration 100 (-nan iter/s, 0s/100 iters), loss = 0.17",
    "Iteration 100 (3.46264e-17 iter/s, 2.642s/100 iters), loss = 0.17",
])
def test_iteration_lines_of_all_versions(tmp_path, form):
    found = log_reading.read(write(
        tmp_path / "log", form, "    Train net output #0: loss = 0.18 (* 1 = 0.18 loss)",
        "Iteration 100, lr = 0.01"))
    assert [(row["NumIters"], row["loss"]) for row in found.train] == [(100, 0.18)]
    assert [(row["NumIters"], row["loss"]) for row in found.smoothed] == [(100, 0.17)]
    assert [(row["NumIters"], row["LearningRate"]) for row in found.rates] == [(100, 0.01)]
    assert found.losses == {"loss"}
    # without outputs, in the first version, the smoothed loss is all there is
    found = log_reading.read(write(tmp_path / "log", form))
    assert [(row["NumIters"], row["loss"]) for row in found.train] == [(100, 0.17)]


def test_the_first_versions_test_scores(tmp_path):
    found = log_reading.read(write(
        tmp_path / "log", "Iteration 0, Testing net", "Test score #0: 0.0953",
        "Test score #1: 2.36", "Iteration 0, lr = 0.01", "Iteration 0, loss = 2.3"))
    assert [(row["score0"], row["score1"]) for row in found.test] == [(0.0953, 2.36)]


def test_several_losses_two_test_nets_and_blobs_of_several_values(tmp_path):
    found = log_reading.read(write(
        tmp_path / "log", "Iteration 0, Testing net (#0)",
        "    Test net output #0: acc = 0.1", "    Test net output #1: acc = 0.2",
        "    Test net output #2: loss1/loss = 3 (* 0.3 = 0.9 loss)",
        "Iteration 0, Testing net (#1)", "    Test net output #0: acc = 0.3",
        "Iteration 0, loss = 9", "    Train net output #0: loss1/loss = 4 (* 0.3 = 1.2 loss)",
        "    Train net output #1: loss2/loss = 5 (* 1 = 5 loss)", "Iteration 0, lr = 1e-05",
        "Iteration 20, loss = 8", "    Train net output #0: loss1/loss = 2 (* 0.3 = 0.6 loss)",
        "    Train net output #1: loss2/loss = nan (* 1 = nan loss)"))
    rows = [{k: v for k, v in row.items() if k not in log_reading.KEYS} for row in found.test]
    assert rows == [{"acc": 0.1, "acc[1]": 0.2, "loss1/loss": 3.0}, {"acc": 0.3}]
    assert log_reading.columns(found.test)[3:] == ["acc", "acc[1]", "loss1/loss"]
    assert [row["loss1/loss"] for row in found.train] == [4, 2]
    assert found.train[0]["loss2/loss"] == 5 and math.isnan(found.train[1]["loss2/loss"])
    assert [row["LearningRate"] for row in found.train] == [1e-05, 1e-05]
    assert found.losses == {"loss1/loss", "loss2/loss"}


def test_two_test_nets_of_one_output_each(tmp_path):
    found = log_reading.read(write(
        tmp_path / "log", "Iteration 0, Testing net (#0)", "    Test net output #0: acc = 0.1",
        "Iteration 0, Testing net (#1)", "    Test net output #0: acc = 0.3"))
    assert [row["acc"] for row in found.test] == [0.1, 0.3]


@pytest.mark.parametrize("value, number", [
    ("-inf", -math.inf), ("1e+10", 1e10), ("-3.5E-07", -3.5e-07), ("12", 12.0)])
def test_numbers(tmp_path, value, number):
    found = log_reading.read(write(tmp_path / "log", "Iteration 5, loss = 1",
                                 f"    Train net output #0: x = {value} (* 1 = {value} loss)"))
    assert found.train[0]["x"] == number


def test_rows_with_missing_columns_leave_cells_empty(tmp_path):
    log_reading.write_csv(str(tmp_path / "t"), [{"a": 1.0}, {"a": 2.0, "b": 3.0}])
    with open(tmp_path / "t", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["1.0", ""], ["2.0", "3.0"]]


def test_no_rows_no_file(tmp_path, call):
    log = write(tmp_path / "log", "Iteration 0, loss = 1")
    done = call(parse_log.main, "--verbose", log, tmp_path)
    assert "Not writing" in done.output and not (tmp_path / "log.test").exists()
    assert (tmp_path / "log.train").exists()


# -- logs cut at either end, interrupted, resumed ----------------------------------------------

def test_a_log_cut_in_the_middle_of_a_line(tmp_path):
    content = LENET.read_text()
    at = content.index("loss = 0.170638 (* 1") + len("loss = 0.17")
    (tmp_path / "log").write_text(content[:at])
    train, test = log_reading.parse_log(tmp_path / "log")
    # half of 0.170638 is no value
    assert [row["NumIters"] for row in train] == [0, 100, 200]
    assert len(test) == 1


def test_a_log_whose_beginning_is_lost(tmp_path):
    lines = LENET.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if "Train net output" in line)
    (tmp_path / "log").write_text("\n".join(lines[start:]) + "\n")
    train, test = log_reading.parse_log(tmp_path / "log")
    assert [row["NumIters"] for row in train] == [100, 200, 300, 400]  # 0 is not named any more
    assert train[0]["Seconds"] == pytest.approx(6.371562 - 2.642913)
    assert [row["NumIters"] for row in test] == [500]


def test_lines_without_a_prefix_and_carriage_returns_do_no_harm(tmp_path):
    content = LENET.read_text().replace("\n", "\r\n  3%|##  | 12/400\rnoise Iteration 7\n")
    (tmp_path / "log").write_bytes(content.encode() + b"\xff\xfe not UTF-8\n")
    assert log_reading.parse_log(tmp_path / "log") == log_reading.parse_log(LENET)


def test_a_prefix_of_mpirun_and_a_year_of_new_glog(tmp_path):
    content = LENET.read_text()
    for prefix in ("[1,0]<stderr>:I1122", "I20251122"):
        (tmp_path / "log").write_text(content.replace("I1122", prefix))
        assert log_reading.parse_log(tmp_path / "log") == log_reading.parse_log(LENET)


def test_resumed_in_the_same_file(tmp_path):
    found = log_reading.read(write(
        tmp_path / "log", "Iteration 100, loss = 5", "Iteration 200, loss = 4", "Solving LeNet",
        "Iteration 100, loss = 3"))
    assert [row["NumIters"] for row in found.smoothed] == [100, 200, 100]
    assert [row["Seconds"] for row in found.smoothed] == [1, 2, 4]


# -- times -------------------------------------------------------------------------------------

def test_times_of_lines():
    get = log_seconds.extract_datetime_from_line
    line = "I0210 13:39:22.381027 25210 solver.cpp:204] Iteration 100, lr = 0.00992565"
    assert get(line, 2015) == datetime(2015, 2, 10, 13, 39, 22, 381027)
    short = "E0210 13:39:22.5 25210 solver.cpp:204] text"
    assert get(short, 2015).microsecond == 500000
    for bad in ("Iteration 100", "", "I0230 13:39:22.381027 1 a:1] no such day"):
        with pytest.raises(ValueError):
            get(bad, 2015)


def test_a_new_year_and_a_leap_day(tmp_path):
    log = tmp_path / "log"
    log.write_text(
        "Log file created at: 2023/12/31 23:59:58\n"
        "I1231 23:59:59.000000 1 a.cpp:1] Solving\n"
        "I0101 00:00:01.500000 1 a.cpp:1] Iteration 0, loss = 1\n"
        "I0201 00:00:00.000000 1 a.cpp:1] Snapshotting\n"
        "I0131 23:59:59.999999 1 a.cpp:1] a slow thread's line\n"
        "I0229 00:00:00.000000 1 a.cpp:1] Iteration 1, loss = 1\n")
    found = log_seconds.seconds(log)
    assert found[0] == 2.5
    leap = datetime(2024, 2, 29) - datetime(2023, 12, 31, 23, 59, 59)
    assert found[1] == leap.total_seconds()


def test_the_year_without_a_heading_is_the_files(tmp_path):
    log = tmp_path / "log"
    log.write_text("I0229 00:00:00.000000 1 a.cpp:1] Iteration 0\n")
    os.utime(log, (datetime(2020, 6, 1).timestamp(),) * 2)
    assert log_seconds.seconds(log) == [0.0]


def test_the_installed_extract_seconds(shell, tmp_path):
    done = shell("extract_seconds", LENET, "out")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == LENET.read_text().count("Iteration")
    assert lines[0] == "0.001142" and lines[-1] == "21.346552"


# -- bad input ---------------------------------------------------------------------------------

def test_bad_calls(call, tmp_path):
    with pytest.raises(NotFound):
        log_reading.parse_log(tmp_path / "none")
    (tmp_path / "log").write_text("hello\nworld\n")
    for function in (log_reading.parse_log, log_seconds.seconds):
        with pytest.raises(DataError, match="log: no line begins as a log line"):
            function(tmp_path / "log")
    done = call(parse_log.main, LENET, tmp_path / "no")
    assert done.exit_code == 1 and "no: there is no such folder" in done.output
    done = call(extract_seconds.main, tmp_path / "none", tmp_path / "out")
    assert done.exit_code == 1 and "File not found" in done.output
    done = call(extract_seconds.main, tmp_path, tmp_path / "out")
    assert done.exit_code == 1 and "folder" in done.output


# -- parse_log.sh --------------------------------------------------------------------------------

def test_the_tables_of_parse_log_sh(tmp_path):
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"  # the launcher asks it for python3
    done = subprocess.run([str(ROOT / "tools" / "parse_log.sh"), str(LENET)], cwd=tmp_path,
                          env={**os.environ, "PATH": path}, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lenet_train.log.test").read_text() == (
        "#Iters  Seconds    TestAccuracy  TestLoss\n"
        "0       2.596833   0.0953        2.36467\n"
        "500     23.841618  0.9707        0.0918382\n")
    lines = (tmp_path / "lenet_train.log.train").read_text().splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["#Iters", "Seconds", "TrainingLoss", "LearningRate"],
        ["0", "2.642836", "2.34889", "0.01"], ["100", "6.371465", "0.167817", "0.00992565"]]
    # the loss behind the last update has no rate
    assert lines[-1].split()[0::3] == ["500", "nan"]


def test_tables_without_accuracy_and_of_the_first_test_net(tmp_path, call):
    log = write(tmp_path / "log", "Iteration 0, Testing net (#0)",
                "    Test net output #0: loss = 3 (* 1 = 3 loss)",
                "Iteration 0, Testing net (#1)", "    Test net output #0: acc = 0.3")
    done = call(parse_log.main, "-format=columns", "-verbose", log, tmp_path)
    assert done.output == f"Wrote {log}.train\nWrote {log}.test\n"
    rows = (tmp_path / "log.test").read_text().splitlines()
    assert [row.split()[2:] for row in rows] == [["TestAccuracy", "TestLoss"], ["nan", "3"]]
    assert (tmp_path / "log.train").read_text().split()[0] == "#Iters"
    done = call(parse_log.main, "-format=columns", log, tmp_path / "none")
    assert done.exit_code == 1 and "there is no such folder" in done.output


def test_measurements_become_tables_too(shell, tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"type": "start", "iter": 0, "seconds": 0}\n'
        '{"type": "train", "iter": 0, "seconds": 1.5, "loss": 2, "smoothed_loss": 3, "lr": 0.1, '
        '"outputs": {"l1": 1, "l2": null}, "weights": {"l1": 2}}\n')
    done = shell("parse_log", "a.jsonl", ".")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.jsonl.train").read_text() == (
        "NumIters,Seconds,LearningRate,l1,l2\n0.0,1.5,0.1,1.0,nan\n")
