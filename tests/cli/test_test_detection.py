"""test -detection and test_detection: what the log and the files say of a detector."""

import csv
import json
from pathlib import Path

import cv2
import detected
import pytest

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2

MAP = 'item { name: "cat" label: 1 display_name: "Cat" }\nitem { name: "dog" label: 2 }\n'
ELEVEN = detected.AVERAGE["11point"]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The net of the example, its weights and a label map, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    text = detected.write()
    Path("net.prototxt").write_text(text)
    Net("net.prototxt", caffe_pb2.TEST, context=Context(seed=1)).save("w.caffemodel")
    Path("map.prototxt").write_text(MAP)
    return "-model=net.prototxt", "-weights=w.caffemodel"


@pytest.mark.parametrize("action", [["test", "-detection"], ["test_detection"]])
def test_the_command(model, action, call):
    done = call(*action, *model, "-labels=map.prototxt", "-report=out")
    assert done.exit_code == 0, done.output
    said = [line.partition("] ")[2] for line in done.output.splitlines()]
    mean = sum(ELEVEN.values()) / 2
    for line in (f"class1: {ELEVEN[1]:g}", f"class2: {ELEVEN[2]:g}", f"detection_eval = {mean:g}",
                 f"Report over all 5 pictures: mAP {mean:.4f} (11point)",
                 f"    cat: {ELEVEN[1]:.4f} (4 boxes)", f"    dog: {ELEVEN[2]:.4f} (2 boxes)"):
        assert line in said
    assert not any(line.startswith("Batch") for line in said)
    told = json.loads(Path("out/report.json").read_text())
    assert (told["pictures"], told["ap_version"]) == (5, "11point")
    assert told["mean_average_precision"] == pytest.approx(mean)
    assert [(c["name"], c["count"], c["detections"]) for c in told["classes"]] == [
        ("cat", 4, 5), ("dog", 2, 2)]
    rows = list(csv.DictReader(Path("out/precision_recall.csv").read_text().splitlines()))
    assert [(r["name"], r["score"], r["precision"], r["recall"]) for r in rows] == [
        ("cat", "0.9", "1", "0.25"), ("cat", "0.8", "0.666667", "0.5"),
        ("cat", "0.6", "0.75", "0.75"), ("dog", "0.6", "0.5", "0.5")]
    assert cv2.imread("out/precision_recall.png").shape == (640, 876, 3)


def test_flags_say_how(model, call):
    done = call("test", *model, "-iterations=5", "-ap_version=MaxIntegral",
                "-noshow_per_class_result")
    assert done.exit_code == 0, done.output
    mean = sum(detected.AVERAGE["MaxIntegral"].values()) / 2
    assert f"] detection_eval = {mean:g}" in done.output
    assert "class1" not in done.output and "Report" not in done.output
    wrong = call("test", *model, "-ap_version=voc")
    assert wrong.exit_code == 1 and "ap_version" in wrong.output
