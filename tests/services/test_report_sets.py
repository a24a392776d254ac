"""Reports on nets that answer more than one question, or other questions than which class."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.services import testing

DATA = """
layer {{ name: "data" type: "HDF5Data" {} hdf5_data_param {{ source: "h5.txt" batch_size: 3 }} }}
"""
SCALE = """layer {{ name: "{1}" type: "Scale" bottom: "{0}" top: "{1}" scale_param {{
  filler {{ value: 1 }} }} }}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def report(net, names="", **arrays):
    """What report.json has of a net over these arrays, which its data layer brings."""
    with h5py.File("x.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = np.asarray(values, "f4")
    Path("h5.txt").write_text("x.h5\n")
    tops = " ".join(f'top: "{name}"' for name in arrays)
    Path("net.prototxt").write_text(DATA.format(tops) + net)
    Net("net.prototxt", caffe_pb2.TEST).save("w.caffemodel")
    testing.test("net.prototxt", ["w.caffemodel"], None, Context(), report="report", names=names)
    return json.loads(Path("report/report.json").read_text(), parse_constant=pytest.fail)


EUCLID = SCALE.format("x", "y") + """
layer { name: "loss" type: "EuclideanLoss" bottom: "%s" bottom: "%s" top: "loss" }
"""


@pytest.mark.parametrize("bottoms", [("y", "t"), ("t", "y")])
def test_regression(bottoms):
    found = report(EUCLID % bottoms, x=[[1], [3], [2], [8]], t=[[1], [2], [3], [6]])
    # residuals 0, 1, -1, 2; the truths lie -2, -1, 0, 3 from their mean
    assert found["labels"] == "t" and found["items"] == 4
    for numbers in (found, found["outputs"][0]):
        assert numbers["mae"] == pytest.approx(1) and numbers["bias"] == pytest.approx(0.5)
        assert numbers["rmse"] == pytest.approx(np.sqrt(6 / 4))
        assert numbers["r2"] == pytest.approx(1 - 6 / 14)
    assert [item["record"] for item in found["worst"]] == [3, 1, 2]
    assert found["worst"][0]["truth"] == [6] and found["worst"][0]["answer"] == [8]
    assert Path("report/residuals.png").exists()


def test_each_output_of_a_regression(caplog):
    t = [[0, 5, 100], [0, 7, 300], [0, 9, 200], [0, 7, 0]]
    x = np.add(t, [[1, 0, 30], [1, 0, -10], [1, 0, 20], [1, 0, 0]])
    with caplog.at_level("INFO", log.ROOT):
        found = report(EUCLID % ("y", "t"), x=x, t=t)
    assert [output["r2"] for output in found["outputs"]] == [
        None, 1.0, pytest.approx(1 - 1400 / 50_000)]
    assert found["r2"] == pytest.approx(1 - 1404 / 50_008)
    assert [line.split() for line in caplog.text.splitlines() if "MAE" in line][-1][-5:] == [
        "output", "MAE", "RMSE", "bias", "R2"]
    rows = Path("report/outputs.csv").read_text().splitlines()
    assert rows[1:3] == ["0,1,1,1,", "1,0,0,0,1"]


def test_a_truth_that_never_changes_has_no_r2(caplog):
    assert report(EUCLID % ("y", "t"), x=[[1], [2]], t=[[1], [1]])["r2"] is None


MARKS = SCALE.format("x", "y") + """
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "t" top: "loss"
        loss_param { ignore_label: 9 } }
"""


def test_several_marks():
    found = report(MARKS, x=[[2, -1], [1, 1], [1, -3], [-1, 3]], t=[[1, 1], [0, 1], [1, 9], [0, 0]])
    first, second = found["marks"]
    # yes, yes, yes, no where yes, no, yes, no is true; then no, yes, -, yes for yes, yes, -, no
    assert first["accuracy"] == 3 / 4 and second["accuracy"] == pytest.approx(1 / 3)
    assert (first["precision"], first["recall"], first["f1"]) == pytest.approx((2 / 3, 1, 4 / 5))
    assert (second["precision"], second["recall"], second["f1"]) == pytest.approx((1 / 2,) * 3)
    assert (first["roc_area"], second["roc_area"]) == (3.5 / 4, 0)
    assert found["micro"] == pytest.approx(
        {"precision": 3 / 5, "recall": 3 / 4, "f1": 6 / 9})
    assert found["macro"]["f1"] == pytest.approx((4 / 5 + 1 / 2) / 2)
    assert found["accuracy"] == pytest.approx(4 / 7)


def test_what_is_given_again_is_no_yes_or_no():
    again = MARKS.replace("t\"", "x\"") + """
layer { name: "p" type: "Sigmoid" bottom: "y" top: "p" }
layer { name: "far" type: "EuclideanLoss" bottom: "p" bottom: "x" top: "far" }
"""
    found = report(again, x=np.linspace(-1, 1, 75).reshape(3, 25))
    assert found["labels"] == "x" and len(found["outputs"]) == 25 and "marks" not in found
    assert Path("report/outputs.csv").read_text().count("\n") == 26


TWO = SCALE.format("x", "y") + """
layer { name: "cut" type: "Slice" bottom: "y" top: "age" top: "sex" slice_param { slice_point: 3 } }
layer { name: "first" type: "SoftmaxWithLoss" bottom: "age" bottom: "a/b" top: "first" }
layer { name: "second" type: "Accuracy" bottom: "sex" bottom: "s" top: "second" }
layer { name: "other" type: "SoftmaxWithLoss" bottom: "sex" bottom: "s" top: "other" }
layer { name: "far" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "far" }
"""


def test_several_sets_of_labels_have_reports_of_their_own(caplog):
    x = [[3, 1, 0, 1, 2], [3, 4, 0, 2, 1], [0, 2, 1, 2, 1], [0, 1, 2, 1, 2]]
    both = {"x": x, "a/b": [0, 0, 2, 2], "s": [1, 1, 0, 1]}
    Path("one.txt").write_text("young\n")
    Path("two.txt").write_text("f\nm\n")
    with caplog.at_level("INFO", log.ROOT):
        found = report(TWO, "one.txt, two.txt", **both)["sets"]
    assert [(one["labels"], one["layer"], one["folder"]) for one in found[:2]] == [
        ("a/b", "first", "a_b"), ("s", "second", "s")]
    assert [one["accuracy"] for one in found[:2]] == [0.5, 0.75]
    assert [[c["name"] for c in one["classes"]] for one in found[:2]] == [
        ["young", "1", "2"], ["f", "m"]]
    assert found[2]["labels"] == "x" and found[2]["r2"] == 1  # what was learned is the answer
    # m at 0.73, 0.27, 0.27, 0.73 where m, m, f, m is true: of 3 pairs 2 are right, 1 is a tie
    assert found[1]["classes"][1]["roc_area"] == pytest.approx(2.5 / 3)
    assert found[1]["classes"][0].get("roc_area") is None
    for name in ("a_b", "s"):
        inner = json.loads(Path("report", name, "report.json").read_text())
        assert inner["accuracy"] == next(o["accuracy"] for o in found if o["folder"] == name)
    assert "Sets of labels to report on: a/b, s, x" in caplog.text
    with pytest.raises(CaffeError, match=r"more files than .*allowed: 2, for a/b, s"):
        report(TWO, "one.txt,two.txt,two.txt", **both)


def test_soft_labels_are_no_classes():
    soft = SCALE.format("x", "y") + """
layer { name: "soft" type: "SoftmaxWithLoss" bottom: "y" bottom: "s" top: "soft"
        loss_param { soft_labels: true } }
"""
    hard = 'layer { name: "hard" type: "Accuracy" bottom: "y" bottom: "t" top: "hard" }'
    x, s = [[1, 0], [0, 1]], [[0.9, 0.1], [0.5, 0.5]]
    found = report(soft + hard, x=x, s=s, t=[0, 0])
    assert (found["layer"], found["accuracy"]) == ("hard", 0.5)
    with pytest.raises(CaffeError, match="no layer compares scores with labels"):
        report(soft, x=x, s=s)


SEGMENT = SCALE.format("x", "y") + """
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss"
        loss_param { ignore_label: 7 } }
layer { name: "seg" type: "SegAccuracy" bottom: "y" bottom: "t" top: "seg"
        seg_accuracy_param { ignore_label: 255 ignore_label: 7 } }
"""


def test_segmentation_counts_positions_and_draws_them():
    answers = np.array([[[0, 0, 1], [1, 1, 2]], [[0, 0, 0], [2, 2, 2]]])
    truth = np.array([[[0, 1, 1], [1, 7, 7]], [[0, 0, 1], [2, 0, 2]]])
    x = np.eye(3)[answers].transpose(0, 3, 1, 2)
    found = report(SEGMENT, x=x, t=truth[:, None])
    assert found["layer"] == "seg" and found["positions"] == 10
    # by class: right 3, 2, 2; truths 4, 4, 2; answers 5, 2, 3
    assert [c["iou"] for c in found["classes"]] == pytest.approx([3 / 6, 2 / 4, 2 / 3])
    assert found["segmentation"]["mean_iou"] == pytest.approx((3 / 6 + 2 / 4 + 2 / 3) / 3)
    assert found["segmentation"]["pixel_accuracy"] == found["accuracy"] == pytest.approx(7 / 10)
    assert Path("report/iou.png").exists() and Path("report/worst.png").exists()
    assert not Path("report/roc.png").exists()  # of three classes at each position
