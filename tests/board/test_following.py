"""Logs and measurements that are read while they grow."""

import json
import os
import random

import pytest
from boards import measured
from support import REFERENCE

from caffepy.board.runs.curve import Key
from caffepy.board.runs.library import Library, is_run
from caffepy.board.runs.run import Run
from caffepy.board.runs.tail import LONGEST, Tail
from caffepy.board.shelf import Shelf
from caffepy.errors import DataError, NotFound
from caffepy.services import log_reading

LENET = REFERENCE / "logs" / "lenet_train.log"


def followed(path):
    run = Run("shelf/run", path)
    run.advance(60)
    return run


def points(run, key):
    curve = run.curves[key]
    return list(zip(curve.iterations, curve.values, strict=True))


# -- lines -----------------------------------------------------------------------------------------


def lines_of(tail):
    anew, found = tail.changed(), []
    while tail.behind > 0:
        found += tail.read()
    return anew, found


def test_a_line_is_given_once_and_whole(tmp_path):
    path = tmp_path / "log"
    path.write_text("one\ntw")
    tail = Tail(path)
    assert lines_of(tail) == (False, ["one"])
    with open(path, "a") as file:
        file.write("o\r\nthree\rfo")
    assert lines_of(tail) == (False, ["two", "three"])
    assert lines_of(tail) == (False, [])


@pytest.mark.parametrize("content", ["n\n", "a new file\nthat is longer\n"])
def test_a_file_that_is_written_anew_is_read_anew(tmp_path, content):
    path = tmp_path / "log"
    path.write_text("old line\n")
    tail = Tail(path)
    lines_of(tail)
    path.write_text(content)  # in its place: the same number of a file
    assert lines_of(tail) == (True, content.splitlines())
    (tmp_path / "other").write_text("a new file\nreplaces it\n")
    os.replace(tmp_path / "other", path)
    assert lines_of(tail) == (True, ["a new file", "replaces it"])
    (tmp_path / "other").write_text("a new file\nreplaces it\nand begins as it did\n")
    os.replace(tmp_path / "other", path)
    assert lines_of(tail)[0]


def test_utf_16_and_bytes_that_are_no_text(tmp_path):
    (tmp_path / "log").write_bytes("eins\nzwei ä\n".encode("utf-16"))
    assert lines_of(Tail(tmp_path / "log"))[1] == ["eins", "zwei ä"]
    (tmp_path / "log").write_bytes(b"\xff\x00\nb\n")
    assert lines_of(Tail(tmp_path / "log"))[1][1] == "b"


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x" * (2 * LONGEST) + b"\nend\n")
    tail = Tail(path)
    found = lines_of(tail)[1]
    assert [len(line) for line in found] == [LONGEST, 3]


# -- runs ------------------------------------------------------------------------------------------


def test_a_log_says_the_same_in_pieces_as_whole(tmp_path):
    path, content = tmp_path / "train.log", LENET.read_bytes()
    draw = random.Random(7)
    cuts = sorted(draw.sample(range(len(content)), 60))
    run = Run("shelf/train.log", path)
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with open(path, "ab") as file:
            file.write(content[start:end])
        run.advance(60)
    whole = log_reading.read(LENET)
    for key, rows, column in [(Key("smoothed"), whole.smoothed, "loss"),
                              (Key("total"), whole.total, "loss"),
                              (Key("train", "loss"), whole.train, "loss"),
                              (Key("rate"), whole.rates, "LearningRate"),
                              (Key("speed"), whole.speeds, "speed"),
                              (Key("test", "accuracy"), whole.test, "accuracy")]:
        assert points(run, key) == [(row["NumIters"], row[column]) for row in rows], key
        assert list(run.curves[key].seconds) == [row["Seconds"] for row in rows], key
    assert run.done and run.solver_text.startswith("test_iter: 100\n")
    assert run.net_text.startswith('name: "LeNet"') and run.net_text.endswith("}")
    assert run.snapshots == ["lenet_iter_500.caffemodel"]
    assert run.weights == {"loss": 1.0} and run.is_loss("loss") and not run.is_loss("accuracy")


def test_measurements_say_the_same_as_read_whole(tmp_path):
    path = measured(tmp_path / "a.jsonl", 20)
    run = followed(path)
    state = run.state
    run.advance(1)
    assert run.state == state  # nothing new
    measured(path, 5, start=100, loss=9.0)  # it goes on from a snapshot of 100
    run.advance(1)
    assert run.state > state
    whole = log_reading.read(path)
    for key, rows, column in [(Key("smoothed"), whole.smoothed, "loss"),
                              (Key("test", "accuracy"), whole.test, "accuracy"),
                              (Key("speed"), whole.speeds, "speed")]:
        assert points(run, key) == [(row["NumIters"], row[column]) for row in rows], key
    assert len(run.curves[Key("smoothed")]) == 15 and run.start["iter"] == 100
    assert followed(path).curves[Key("test", "loss")].values == run.curves[
        Key("test", "loss")].values  # all read at once
    measured(path, 0, start=50)  # it begins once more, and has displayed nothing yet
    run.advance(1)
    assert points(run, Key("smoothed"))[-1][0] == 40


def test_a_log_that_goes_over_iterations_again(tmp_path):
    path = tmp_path / "log"
    prefix = "I1122 16:29:%02d.000000 7724 solver.cpp:239] "
    lines = ["Solving", "Iteration 100, loss = 5", "Iteration 200, loss = 4", "Solving",
             "Iteration 100, loss = 3", "Iteration 150, loss = nan"]
    path.write_text("".join(prefix % i + line + "\n" for i, line in enumerate(lines)))
    found = points(followed(path), Key("smoothed"))
    assert found[0] == (100, 3) and found[1][0] == 150 and found[1][1] != found[1][1]


def test_only_so_much_is_read_at_once(tmp_path):
    path = tmp_path / "a.jsonl"
    line = json.dumps({"type": "train", "iter": 1, "seconds": 1, "outputs": {"x": 1}}) + "\n"
    path.write_text(line * (3 * (1 << 20) // len(line)))
    run = Run("shelf/a.jsonl", path)
    run.advance(0)
    assert 0.2 < run.part_read < 0.5
    run.advance(60)
    assert run.part_read == 1


# -- which files are runs --------------------------------------------------------------------------


def test_runs_are_known_by_their_first_bytes(folder):
    measured(folder / "a.jsonl")
    (folder / "deep").mkdir()
    for name in ("train.log", "deep/caffe.host.user.log.INFO.20260101-101010.1", "log.txt",
                 "nohup.out", "caffe.INFO"):
        (folder / name).write_bytes(LENET.read_bytes()[:3000])
    for name in ("notes.txt", "other.log", "empty.log"):
        (folder / name).write_text("" if name.startswith("empty") else "words\n")
    (folder / "rows.jsonl").write_text('{"a": 1}\n')
    (folder / "train.log.train").write_bytes(LENET.read_bytes())
    names = {found.name.partition("/")[2] for found in Library(Shelf([folder])).found()}
    assert names == {"a.jsonl", "train.log", "log.txt", "nohup.out", "caffe.INFO",
                     "deep/caffe.host.user.log.INFO.20260101-101010.1"}
    assert not is_run(folder / "none")


def test_what_becomes_a_run_is_found_later(folder):
    (folder / "train.log").write_text("starting\n")
    library = Library(Shelf([folder]))
    assert not library.found()
    library._next = 0.0
    with open(folder / "train.log", "ab") as file:
        file.write(LENET.read_bytes())
    assert [found.name for found in library.found()] == ["shelf/train.log"]


def test_files_that_are_no_runs_are_refused(folder, tmp_path):
    library = Library(Shelf([folder]))
    (folder / "notes.txt").write_text("words\n")
    with pytest.raises(DataError, match="neither"):
        library.read("shelf/notes.txt", 1)
    measured(tmp_path / "secret.jsonl")
    with pytest.raises(NotFound):
        library.read("shelf/../secret.jsonl", 1)
    measured(folder / "a.jsonl")
    library.read("shelf/a.jsonl", 1)
    (folder / "a.jsonl").unlink()
    with pytest.raises(NotFound):
        library.read("shelf/a.jsonl", 1)
