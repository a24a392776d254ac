"""The file of measurements: what is in it, what a resumed run makes of it, and broken disks."""

import json
import math
import os

import numpy as np
import pytest

from caffepy.parallel.single import Single
from caffepy.solvers import measurements
from caffepy.solvers.measurements import read

ABOUT = {"solver": "solver.prototxt", "caffepy": "0.1"}
TESTS = "test_iter: 2 test_interval: 4 display: 2 "


def solve(make, more=TESTS, max_iter=6, resume=None, **arguments):
    solver = make(f"{more} max_iter: {max_iter}", **arguments)
    if resume:
        solver.restore(resume)
    with solver.measuring(ABOUT):
        solver.solve()
    return solver


def all_lines(path="snap.jsonl"):
    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    with open(path) as file:
        return [json.loads(line, parse_constant=refuse) for line in file]


def places(lines):
    return [(line["type"], line["iter"]) for line in lines]


def test_a_training_leaves_a_line_for_each_display_and_test(make):
    solver = solve(make)
    start, *rest = read("snap.jsonl")
    assert places(rest) == [("test", 0), ("train", 0), ("train", 2), ("test", 4), ("train", 4),
                            ("train", 6)]
    assert {key: start[key] for key in ("format", "solver", "net", "seed", "iter", "seconds")} == {
        "format": 1, "solver": "solver.prototxt", "net": "small", "seed": 7, "iter": 0,
        "seconds": 0.0}
    assert start["caffepy"] and start["date"][:2] == "20"
    assert start["images"] == solver.net.nodes[0].tops[0].shape[0] > 1
    assert "test_interval: 4\n" in start["param"] and "layer {" not in start["param"]
    seconds = [line["seconds"] for line in rest]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert all(line["lr"] == 0.05 and line["iters_per_second"] > 0 for line in rest[1:3])
    assert "lr" not in rest[-1]  # the loss after the last update: none follows it
    tested = dict(solver.last_tests[0][1])
    assert rest[3]["net"] == 0 and rest[3]["outputs"]["loss"] == pytest.approx(tested["loss"][0])
    assert rest[3]["weights"] == {"loss": 1.0}


def test_losses_are_the_logs(make, lines):
    solve(make, TESTS + "average_loss: 3")
    shown = [float(line.rpartition("= ")[2]) for line in lines if ", loss = " in line]
    outputs = [float(line.split()[6]) for line in lines if "Train net output" in line]
    rows = [line for line in read("snap.jsonl") if line["type"] == "train"]
    assert [row["smoothed_loss"] for row in rows] == pytest.approx(shown, rel=1e-5)
    assert [row["loss"] for row in rows[:-1]] == pytest.approx(outputs, rel=1e-5)
    assert rows[1]["loss"] != rows[1]["smoothed_loss"]
    assert all(row["outputs"] == {"loss": row["loss"]} for row in rows)


def test_nothing_is_written_between_displays(make):
    sizes = []
    solver = make("display: 5 max_iter: 10")
    with solver.measuring(ABOUT):
        solver.on_start.append(lambda solver: sizes.append(os.path.getsize("snap.jsonl")))
        solver.solve()
    assert sizes[0] < sizes[1] == sizes[5] < sizes[6] == sizes[9]
    assert not solver.on_test and not solver.on_iteration  # the hooks are gone


def test_a_resumed_run_supersedes_what_was_measured_beyond(make):
    solve(make, TESTS + "snapshot: 4", 8)
    first = read("snap.jsonl")
    solve(make, TESTS, 10, resume="snap_iter_4.solverstate")
    kept = read("snap.jsonl")
    assert places(kept) == [
        ("start", 0), ("test", 0), ("train", 0), ("train", 2), ("start", 4), ("test", 4),
        ("train", 4), ("train", 6), ("test", 8), ("train", 8), ("train", 10)]
    seconds = [line["seconds"] for line in kept]
    assert seconds == sorted(seconds) and kept[4]["seconds"] == kept[3]["seconds"]
    # nothing is deleted: the superseded lines are there for who wants them
    assert len(all_lines()) == len(first) + 7
    values = [[line["loss"] for line in run if line["type"] == "train" and line["iter"] in (4, 6)]
              for run in (first, kept)]
    assert values[0] == values[1]


def test_a_new_run_supersedes_everything(make):
    solve(make)
    solve(make, TESTS, 2)
    assert places(read("snap.jsonl")) == [("start", 0), ("test", 0), ("train", 0), ("train", 2)]


def test_a_stopped_run_has_no_last_loss(make):
    solver = make("display: 2 max_iter: 8", action=lambda: "stop" if solver.iter == 4 else None)
    with solver.measuring(ABOUT):
        solver.solve()
    assert places(read("snap.jsonl")) == [("start", 0), ("train", 0), ("train", 2)]


def test_numbers_that_are_none_are_null(make):
    solver = make("display: 1 max_iter: 2")
    with solver.measuring(ABOUT):
        solver.net.params["ip1"][0].data[...] = np.nan
        solver.solve()
    row = read("snap.jsonl")[1]
    assert row["loss"] is None and row["outputs"] == {"loss": None}
    assert all_lines()[1] == row


def test_half_lines_and_foreign_ones_are_passed_over(make):
    solve(make)
    whole = read("snap.jsonl")
    with open("snap.jsonl", "a") as file:
        file.write('[1]\n{"type": "train"}\n{"type": "test", "iter": 1e999, "seconds": 0}\n\x00\n'
                   '{"type": "train", "iter": 7, "seconds": 1, "outputs": 3}\n'
                   + "[" * 100000 + '\n{"type": "train", "iter": 8, "sec')
    assert read("snap.jsonl") == whole
    solve(make, TESTS, 2)  # begins on a line of its own
    assert places(read("snap.jsonl"))[0] == ("start", 0)


class Full:
    """A file on a full disk, which takes half of each line."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        return self.file.write(data[: len(data) // 2])

    def close(self):
        self.file.close()


def test_a_full_disk_is_said_once_and_tried_again(make, lines, monkeypatch):
    full = True

    def opened(path, mode="r", **options):
        file = open(path, mode, **options)
        return Full(file) if full and mode == "ab" else file

    def mend(solver):
        nonlocal full
        full = solver.iter < 4

    monkeypatch.setattr(measurements, "open", opened, raising=False)
    solver = make("display: 1 max_iter: 6")
    with solver.measuring(ABOUT):
        solver.on_start.append(mend)
        solver.solve()
    said = [line for line in lines if "measurements" in line]
    assert len(said) == 1 and "snap.jsonl: the disk is full. Training goes on" in said[0]
    assert solver.iter == 6
    assert places(read("snap.jsonl")) == [("train", 4), ("train", 5), ("train", 6)]


@pytest.mark.parametrize("prefix", ["none/snap", "taken"])
def test_a_place_that_cannot_be_written_does_not_end_the_run(make, lines, folder, prefix):
    (folder / "taken.jsonl").mkdir()
    solver = make(f'display: 1 max_iter: 2 snapshot_after_train: false snapshot_prefix: "{prefix}"')
    with solver.measuring(ABOUT):
        solver.solve()
    assert solver.iter == 2
    assert len([line for line in lines if f"to {prefix}.jsonl: " in line]) == 1


def test_no_prefix_and_no_display(make):
    solver = make("max_iter: 2 snapshot_after_train: false display: 1")
    solver.param.snapshot_prefix = ""
    with solver.measuring(ABOUT):
        solver.solve()
    assert not [name for name in os.listdir() if name.endswith(".jsonl")]
    solve(make, "", 2)
    assert places(read("snap.jsonl")) == [("start", 0)]


def test_one_worker_writes(make):
    class Other(Single):
        root = False

    solve(make, "display: 1", 2, communicator=Other())
    assert not os.path.exists("snap.jsonl")


def test_blobs_of_several_values_are_lists():
    values, weights = measurements._outputs(
        [("a", np.array([1, math.inf], np.float32), 0.0), ("b", np.float32([0.1]), 0.3)])
    assert values == {"a": [1.0, None], "b": 0.1} and weights == {"b": 0.3}
