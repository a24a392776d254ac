"""Files that say the impossible, or are made to hold a board up: the others are shown as ever."""

from __future__ import annotations

import json
import os
from time import perf_counter

import pytest

START = '{"type": "start", "iter": 0, "seconds": 0}'
TRAIN = {"type": "train", "iter": 20, "seconds": 1, "loss": 1, "smoothed_loss": 1,
         "iters_per_second": 3, "outputs": {"loss": 1}}
STAMP = "I1130 07:42:57.866797 1 solver.cpp:1] "
ITERATION = f"{STAMP}Iteration 20, lr = 0.01"
TOO_LARGE = 10**400  # for a float


def lines(*told, **more):
    return "\n".join([*(one if isinstance(one, str) else json.dumps(one) for one in told),
                      json.dumps({**TRAIN, **more}), ""])


@pytest.mark.parametrize("text", [
    lines(START, iter=TOO_LARGE),
    lines(START, outputs={"loss": TOO_LARGE}),
    lines({"type": "start", "iter": 0, "seconds": 0, "images": TOO_LARGE}),
    lines({"type": "start", "iter": 0, "seconds": 0, "param": f"max_iter: {'9' * 4000}"}),
    lines({"type": "start", "iter": 0, "seconds": 0, "images": 64}, iters_per_second=1e999),
    f"{STAMP}Iteration {'9' * 400}, lr = 0.1\n{STAMP}    Test net output #0: accuracy = 1\n",
])
def test_numbers_that_no_float_holds_leave_the_list_of_runs(asked, folder, text):
    kind = "jsonl" if text.startswith("{") else "log"
    (folder / f"odd.{kind}").write_text(text)
    (folder / "whole.log").write_text(ITERATION + "\n")
    assert "whole.log" in asked.get("/").text
    assert asked.get("/run", run=f"shelf/odd.{kind}").status_code == 200
    assert asked.get("/run.json", run=f"shelf/odd.{kind}").status_code == 200


def test_a_run_that_went_away_leaves_the_list_of_runs(asked, folder):
    for name in ("gone", "stays"):
        (folder / f"{name}.log").write_text(ITERATION + "\n")
    assert "gone.log" in asked.get("/").text
    (folder / "gone.log").unlink()
    assert "stays.log" in asked.get("/").text


@pytest.mark.parametrize("line", [
    "    " + "Train net output #0: " * 40000,
    "Iteration 1 " * 80000 + "lr = x",
    f"Iteration 1, lr = {'1' * 800000}.1.1",
    f"Snapshotting to binary proto file a{' ' * 800000}x",
])
def test_no_line_of_a_log_is_looked_through_for_minutes(asked, folder, line):
    (folder / "made.log").write_text(f"{ITERATION}\n{STAMP}{line}\n{ITERATION}\n")
    began = perf_counter()
    assert asked.get("/run.json", run="shelf/made.log").json["charts"]
    assert perf_counter() - began < 5  # its square took an hour


@pytest.mark.parametrize("text", ["layer {" + "\n" * 400000, "layer" + " " * 400000 + "x layer {"])
def test_no_net_is_looked_through_for_minutes(asked, folder, text):
    (folder / "made.prototxt").write_text(text)
    began = perf_counter()
    assert "made.prototxt" in asked.get("/net").text
    assert perf_counter() - began < 5


# -- reports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "[" * 100000, '{"accuracy": ' + "9" * 4000 + "}", '{"accuracy": NaN, "count": 1e999}',
    '{"classes": [{"name": {"a": 1}, "count": [1], "accuracy": "x"}]}',
    '{"worst": [{"record": 1e999}]}',
])
def test_a_report_that_is_none_leaves_the_list_of_reports(asked, folder, text):
    for name, told in (("odd", text), ("whole", '{"accuracy": 0.75}')):
        (folder / name).mkdir()
        (folder / name / "report.json").write_text(told)
    assert "accuracy 0.7500" in asked.get("/results").text
    assert asked.get("/results/report", folder="shelf/odd").status_code in (200, 400)


def test_a_reports_files_are_files_and_not_too_large(asked, folder):
    for name in ("pipe", "large"):
        (folder / name).mkdir()
        (folder / name / "report.json").write_text('{"accuracy": 0.75}')
    os.mkfifo(folder / "pipe" / "confusion.csv")  # who opens one waits until somebody writes
    assert asked.get("/results/report", folder="shelf/pipe").status_code == 200
    (folder / "pipe" / "report.json").unlink()
    os.mkfifo(folder / "pipe" / "report.json")
    assert asked.get("/results/report", folder="shelf/pipe").status_code == 400
    for name in ("report.json", "worst.png"):
        with open(folder / "large" / name, "wb") as file:
            file.truncate(1 << 40)
    assert asked.get("/results/report", folder="shelf/large").status_code == 400
    assert asked.get("/results/file", folder="shelf/large", file="worst.png").status_code == 400
