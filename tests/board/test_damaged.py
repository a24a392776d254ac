"""Files that say the impossible, or are made to hold a board up: the others are shown as ever."""

from __future__ import annotations

import json
import os
import struct
import zlib

import h5py
import numpy as np
import pytest

from caffepy.board.data import rows
from caffepy.board.data.record import of_value
from caffepy.board.data.rows import Rows
from caffepy.board.data.stores import PictureList
from caffepy.board.shelf import Shelf
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2

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
    assert asked.get("/run.json", run="shelf/made.log").json["charts"]  # its square took an hour


@pytest.mark.parametrize("text", ["layer {" + "\n" * 400000, "layer" + " " * 400000 + "x layer {"])
def test_no_net_is_looked_through_for_minutes(asked, folder, text):
    (folder / "made.prototxt").write_text(text)
    assert "made.prototxt" in asked.get("/net").text


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


# -- nets and pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("path, query", [
    ("/net", {}), ("/data/seen", {}), ("/results/test", {"weights": "shelf/made.caffemodel"}),
    ("/try", {"weights": "shelf/made.caffemodel"})])
def test_a_net_that_is_too_large_for_a_text_is_not_read(asked, folder, path, query):
    (folder / "made.caffemodel").write_bytes(b"")
    with open(folder / "made.prototxt", "wb") as file:
        file.truncate(1 << 40)
    answer = asked.get(path, net="shelf/made.prototxt", **query)
    assert answer.status_code in (200, 400) and "too large" in answer.text


def test_no_giant_picture_is_decoded(asked, folder):
    import cv2

    white = np.full((10, 10), 255, np.uint8)
    (folder / "small.png").write_bytes(cv2.imencode(".png", white)[1].tobytes())
    giant = gray_png(10001, 10000)
    (folder / "giant.png").write_bytes(giant)
    (folder / "list.txt").write_text("small.png 0\ngiant.png 1\n")
    stored = caffe_pb2.Datum(encoded=True, data=giant, label=1)
    _, listed = PictureList(str(folder / "list.txt"), Shelf([folder]), str(folder)).walk()
    for one in (of_value(0, b"0", stored.SerializeToString()), listed):
        assert one.picture is None and "too large" in one.trouble
    assert "too large" in asked.get("/data/source", source="shelf/list.txt").text


def test_no_row_is_shown_for_which_much_is_unpacked(folder, monkeypatch):
    with h5py.File(folder / "x.h5", "w") as file:
        file["data"] = np.zeros((20, 3), np.float32)
        file.create_dataset("label", data=np.zeros(20, np.float32), chunks=(20,))
    assert len(list(Rows(str(folder / "x.h5")).walk())) == 20
    monkeypatch.setattr(rows, "MOST_CHUNK", 79)
    with pytest.raises(DataError, match="too large"):
        next(Rows(str(folder / "x.h5")).walk())


def gray_png(height, width):
    """One that holds what it says."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(bytes(height * (width + 1)), 1)) + chunk(b"IEND", b""))
