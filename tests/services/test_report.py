"""What a net gets wrong: counted once for each record, whatever the batches, and shown."""

import csv
import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.db import new_db
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.services import testing
from caffepy.services.report import confusion
from caffepy.services.report.judging import WORST, Item
from caffepy.services.report.sheet import sheet

# 13 pictures of one gray level, which is all that the net looks at: above 100 it says class 1,
# above 200 class 2
LEVELS = np.array([10, 20, 120, 130, 210, 220, 30, 140, 230, 40, 110, 250, 90])
TRUTH = np.array([0, 0, 1, 1, 2, 2, 0, 2, 0, 1, 1, 2, 2])
ANSWERS = np.array([0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 1, 2, 0])
TABLE = [[3, 0, 1], [1, 3, 0], [1, 1, 3]]
WRONG = {7, 8, 9, 12}

DATA = {
    "Data": 'data_param { source: "db" backend: LMDB batch_size: 4 } '
            "transform_param { scale: 0.01 mean_value: 50 }",
    "ImageData": 'image_data_param { source: "list.txt" batch_size: 4 is_color: false } '
                 "transform_param { scale: 0.01 mean_value: 50 }",
    "HDF5Data": 'hdf5_data_param { source: "h5.txt" batch_size: 4 }',
}
NET = """
layer {{ name: "data" type: "{0}" top: "data" top: "label" {1} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param {{ num_output: 3 }} }}
layer {{ name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  top: "per_class" accuracy_param {{ {2} }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The pictures in all three forms, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with new_db("db", "lmdb") as db:
        for i, (level, label) in enumerate(zip(LEVELS, TRUTH, strict=True)):
            datum = caffe_pb2.Datum(channels=1, height=2, width=2, data=bytes([level] * 4),
                                    label=label)
            db.put(b"%08d_%s/%d.png" % (i, b"abc"[label : label + 1], i),
                   datum.SerializeToString())
            cv2.imwrite(f"{i}.png", np.full((2, 2), level, np.uint8))
    Path("list.txt").write_text("".join(f"{i}.png {k}\n" for i, k in enumerate(TRUTH)))
    with h5py.File("x.h5", "w") as file:
        values = (LEVELS - 50) * 0.01
        file["data"] = np.broadcast_to(values[:, None, None, None], (13, 1, 2, 2)).astype("f4")
        file["label"] = TRUTH.astype("f4")
    Path("h5.txt").write_text("x.h5\n")
    return tmp_path


def weights(prototxt):
    """Of a net that answers as ANSWERS says."""
    Path("net.prototxt").write_text(prototxt)
    net = Net("net.prototxt", caffe_pb2.TEST, context=Context(seed=1))
    rows, bias = net.params["ip"]
    rows.data[...] = np.repeat([[-10.0], [0.0], [10.0]], rows.shape[1], 1) / rows.shape[1]
    bias.data[...] = [5, 0, -15]
    net.save("net.caffemodel")
    net.close()
    return ["net.caffemodel"]


def report(kind="Data", iterations=None, body=None, accuracy="", **options):
    model = weights(NET.format(kind, body or DATA[kind], accuracy))
    testing.test("net.prototxt", model, iterations, Context(seed=1), report="report", **options)
    return json.loads(Path("report/report.json").read_text())


@pytest.mark.parametrize("kind", DATA)
def test_each_record_counts_once(folder, kind, caplog):
    found = report(kind)
    assert (found["items"], found["records"]) == (13, 13)
    assert found["accuracy"] == pytest.approx(9 / 13)
    assert [c["accuracy"] for c in found["classes"]] == pytest.approx([3 / 4, 3 / 4, 3 / 5])
    assert found["mean_class_accuracy"] == pytest.approx(0.7)
    sure = found["calibration"]["bins"]  # right are those that the table has
    assert sum(one["count"] for one in sure) == 13
    assert sum(one["count"] * one["accuracy"] for one in sure) == pytest.approx(9)
    rows = list(csv.reader(Path("report/confusion.csv").read_text().splitlines()))
    assert rows[0] == ["truth \\ answer", "0", "1", "2"]
    assert [[int(n) for n in row[1:]] for row in rows[1:]] == TABLE
    assert {item["record"] for item in found["worst"]} == WRONG
    assert all(item["truth"] == TRUTH[item["record"]] and item["answer"] == ANSWERS[item["record"]]
               for item in found["worst"])
    sure = [item["probability_of_truth"] for item in found["worst"]]
    assert sure == sorted(sure)


def test_the_log_has_the_batches_of_old_and_the_true_numbers(folder, caplog):
    with caplog.at_level("INFO", log.ROOT):
        report()
    lines = [record.getMessage() for record in caplog.records]
    assert sum(line.startswith("Batch ") and "accuracy" in line for line in lines) == 4
    assert "Report over all 13 items: accuracy 0.6923 (9 of 13) by layer 'accuracy'" in lines
    rows = [line.split() for line in lines]
    at = rows.index(["class", "count", "right", "recall", "precision", "F1", "ROC", "area", "AP"])
    assert rows[at + 3][:6] == ["2", "5", "3", "0.6000", "0.7500", "0.6667"]
    assert any(line.startswith("'per_class' has the mean of its batches") for line in lines)


@pytest.mark.parametrize("iterations, items", [(2, 8), (4, 13), (9, 13)])
def test_iterations_that_are_given_count(folder, iterations, items, caplog):
    with caplog.at_level("INFO", log.ROOT):
        found = report(iterations=iterations)
    assert found["items"] == items
    assert found["accuracy"] == pytest.approx((TRUTH[:items] == ANSWERS[:items]).mean())
    assert ("over the first 8 items of 13" in caplog.text) == (items == 8)


@pytest.mark.parametrize("kind, names", [
    ("Data", {7: "c/7.png", 8: "a/8.png", 9: "b/9.png", 12: "c/12.png"}),
    ("ImageData", {i: f"{i}.png" for i in WRONG}), ("HDF5Data", dict.fromkeys(WRONG, ""))])
def test_records_are_called_by_their_names(folder, kind, names):
    assert {item["record"]: item["name"] for item in report(kind)["worst"]} == names


def test_a_shuffled_list_has_the_right_names(folder):
    body = DATA["ImageData"].replace("batch_size: 4", "batch_size: 4 shuffle: true")
    found = report("ImageData", body=body)
    assert {item["name"] for item in found["worst"]} == {f"{i}.png" for i in WRONG}
    assert {item["record"] for item in found["worst"]} != WRONG


def test_names_of_classes(folder, caplog):
    assert report()["classes"][1]["name"] == "1"
    Path("labels.txt").write_text("cat\ndog\nfish\n")
    assert [c["name"] for c in report()["classes"]] == ["cat", "dog", "fish"]
    Path("other.txt").write_text("a\n\n\n")
    found = report(names="other.txt")
    assert [c["name"] for c in found["classes"]] == ["a", "1", "2"]
    Path("other.txt").write_text("a\n\nc\n")
    found = report(names="other.txt")
    assert [c["name"] for c in found["classes"]] == ["a", "1", "c"]
    Path("labels.txt").write_text("a\nb\nc\nd\n")
    assert [c["name"] for c in report()["classes"]] == ["0", "1", "2"]
    assert "has 4 names, and the net has 3 classes: numbers are shown" in caplog.text
    with pytest.raises(CaffeError, match="the names are not those of the net's classes"):
        report(names="labels.txt")


def test_a_folder_that_cannot_be_written_is_found_out_first(folder, caplog):
    Path("report").write_text("in the way")
    with caplog.at_level("INFO", log.ROOT), pytest.raises(CaffeError, match="report cannot be"):
        report()
    assert "Batch 0" not in caplog.text


def test_what_is_no_number_is_null(folder):
    model = weights(NET.format("Data", DATA["Data"], ""))
    net = Net("net.prototxt", caffe_pb2.TEST)
    net.params["ip"][1].data[...] = np.nan
    net.save("net.caffemodel")
    net.close()
    testing.test("net.prototxt", model, None, Context(), report="report")
    found = json.loads(Path("report/report.json").read_text(), parse_constant=pytest.fail)
    assert found["accuracy"] == 0 and found["worst"][0]["confidence"] is None


def test_the_best_few_and_labels_to_ignore(folder):
    found = report(accuracy="top_k: 2")
    assert found["top_k"] == 2 and found["accuracy"] == pytest.approx(10 / 13)
    assert {item["record"] for item in found["worst"]} == {7, 8, 12}
    found = report(accuracy="ignore_label: 1")
    assert found["positions"] == 9 and found["accuracy"] == pytest.approx(6 / 9)
    assert found["classes"][1]["accuracy"] is None


@pytest.mark.parametrize("several, layer, accuracy", [
    # one on the way, and two on the last scores
    ("""layer { name: "zero" type: "Power" bottom: "ip" top: "zero" power_param { scale: 0 } }
        layer { name: "first" type: "Accuracy" bottom: "zero" bottom: "label" top: "first" }
        layer { name: "one" type: "Accuracy" bottom: "ip" bottom: "label" top: "one" }
        layer { name: "two" type: "Accuracy" bottom: "ip" bottom: "label" top: "two"
                accuracy_param { top_k: 2 } }""", "one", 9 / 13),
    # distances
    ("""layer { name: "far" type: "Power" bottom: "ip" top: "far" power_param { scale: -1 } }
        layer { name: "near" type: "Accuracy" bottom: "far" bottom: "label" top: "near"
                accuracy_param { min_is_better: true } }""", "near", 9 / 13),
    ("""layer { name: "far" type: "Power" bottom: "ip" top: "far" power_param { scale: -1 } }
        layer { name: "second" type: "SoftmaxWithLoss" bottom: "far" bottom: "label" }
        layer { name: "other" type: "EuclideanLoss" bottom: "label" bottom: "label" }""",
     "second", 3 / 13)])
def test_the_last_that_looks_at_scores_is_the_judge(folder, several, layer, accuracy):
    scorers = NET.format("Data", DATA["Data"], "").splitlines()[:4]
    model = weights("\n".join(scorers) + several)
    testing.test("net.prototxt", model, None, Context(seed=1), report="report")
    found = json.loads(Path("report/report.json").read_text())
    assert found["layer"] == layer and found["accuracy"] == pytest.approx(accuracy)


def test_equal_scores_are_mistakes_as_for_accuracy(folder):
    model = weights(NET.format("Data", DATA["Data"], ""))
    net = Net("net.prototxt", caffe_pb2.TEST)
    for blob in net.params["ip"]:
        blob.data[...] = 0
    net.save("net.caffemodel")
    net.close()
    scores = testing.test("net.prototxt", model, None, Context(), report="report")
    assert dict(scores.outputs[:1])["accuracy"] == 0
    table = np.loadtxt("report/confusion.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3))
    assert table.trace() == 0 and table.sum() == 13


def test_pictures_of_labels(folder):
    with h5py.File("x.h5", "w") as file:
        rng = np.random.default_rng(0)
        file["data"] = rng.uniform(0, 1, (5, 3, 4, 6)).astype("f4")
        file["label"] = rng.integers(0, 3, (5, 1, 4, 6)).astype("f4")
        right = file["data"][:].argmax(1) == file["label"][:, 0]
    Path("net.prototxt").write_text("""
layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "h5.txt" batch_size: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }""")
    Net("net.prototxt", caffe_pb2.TEST).save("w.caffemodel")
    testing.test("net.prototxt", ["w.caffemodel"], None, Context(), report="report")
    found = json.loads(Path("report/report.json").read_text())
    assert found["positions"] == 5 * 24 and found["accuracy"] == pytest.approx(right.mean())
    for item in found["worst"]:
        assert item["truth"] is None
        assert item["right"] == pytest.approx(right[item["record"]].mean())


def test_a_net_without_classes_is_refused(folder):
    Path("net.prototxt").write_text("""
layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param {
  shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "loss" }""")
    Net("net.prototxt", caffe_pb2.TEST).save("w.caffemodel")
    with pytest.raises(CaffeError, match="no layer compares scores with labels.*Accuracy"):
        testing.test("net.prototxt", ["w.caffemodel"], None, Context(), report="report")


# -- what is drawn --------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_the_picture_of_confusions(classes):
    table = np.eye(classes, dtype=np.int64) * 3
    table[0, 1] = 3
    names = [f"class number {i}" for i in range(classes)]
    picture = confusion.as_picture(table, names)
    assert picture.shape[0] < 1400 and picture.shape[1] < 1400
    colors, counts = np.unique(picture.reshape(-1, 3), axis=0, return_counts=True)
    share = dict(zip(map(tuple, colors.tolist()), counts.tolist(), strict=True))
    side = 1000 // max(classes, 8)
    whole = share[confusion.RIGHT]  # all rows but the first, but for the letters in them
    assert 0.8 * (classes - 1) * side**2 <= whole <= (classes - 1) * side**2


def test_more_classes_than_pixels_share_them():
    table = np.eye(2500, dtype=np.int64)
    table[0, 2499] = 5
    picture = confusion.as_picture(table, [str(i) for i in range(2500)])
    assert picture.shape[0] < 1000 and picture.shape[1] < 1000
    red = (picture[..., 2] > 150) & (picture[..., 0] < 150)
    assert red.sum() == 1 and red[:, picture.shape[1] // 2 :].any()


def test_the_sheet_shows_each_picture():
    items = [Item(0.1, i, 0, 1, 0.9, 0.0, np.full((30 + i, 20, 3), (0, 0, 5 * i), np.uint8))
             for i in range(11)]
    page = sheet(items, ["ä", "a name that is far too long to stand below a picture"])
    for i in range(11):
        assert (page == (0, 0, 5 * i)).all(-1).sum() > 5000 or i == 0
    assert page.shape[0] > 2 * 128 and page.shape[1] > 8 * 128


def test_the_worst_are_kept_and_a_sheet_of_earlier_days_goes(folder):
    found = report()
    assert Path("report/worst.png").exists() and len(found["worst"]) == 4 < WORST
    with new_db("good", "lmdb") as db:
        datum = caffe_pb2.Datum(channels=1, height=2, width=2, data=bytes(4), label=0)
        db.put(b"0", datum.SerializeToString())
    report(body=DATA["Data"].replace('"db"', '"good"'))
    assert not Path("report/worst.png").exists()
    assert Path("report/confusion.png").exists()


def test_names_are_found_beside_the_data(folder):
    (folder / "sub").mkdir()
    Path("db").rename("sub/db")
    Path("sub/labels.txt").write_text("x\ny\nz\n")
    found = report(body=DATA["Data"].replace('"db"', '"sub/db"'))
    assert [c["name"] for c in found["classes"]] == ["x", "y", "z"]
