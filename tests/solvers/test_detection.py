"""eval_type "detection": average precision in the log, in last_tests and in the measurements."""

import json
import logging
from pathlib import Path

import detected
import pytest

from caffepy import log
from caffepy.errors import ConfigError
from caffepy.services import log_reading, plotting
from caffepy.solvers.solver import create_solver

NET = """
layer { name: "x" type: "DummyData" top: "x" top: "y" include { phase: TRAIN }
  dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" include { phase: TRAIN }
  inner_product_param { num_output: 3 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss"
  include { phase: TRAIN } }
"""
SOLVER = """
net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 2 display: 1 random_seed: 1
test_iter: 5 test_interval: 2 snapshot_after_train: false snapshot_prefix: "snap"
"""


def solver(words, classes=3):
    text = detected.write(classes)
    for name in ("rows", "evaluate"):
        text = text.replace(f'name: "{name}"', f'name: "{name}" include {{ phase: TEST }}')
    Path("net.prototxt").write_text(NET + text)
    Path("solver.prototxt").write_text(SOLVER + words)
    return create_solver("solver.prototxt")


@pytest.mark.parametrize("version", detected.AVERAGE)
def test_each_version(version, lines):
    made = solver(f'eval_type: "detection" ap_version: "{version}"')
    expected = sum(detected.AVERAGE[version].values()) / 2
    (name, values), = made.test()
    assert name == "detection_eval" and values == pytest.approx([expected])
    assert lines[-1] == f"    Test net output #0: detection_eval = {expected:g}"
    assert not any("ap_version" in line and "not used" in line for line in lines)


def test_classes_in_log_measurements_and_tables(tmp_path):
    made = solver('eval_type: "detection" ap_version: "11point" show_per_class_result: true')
    handler = logging.FileHandler("train.log")
    handler.setFormatter(log.GlogFormatter())
    logger = logging.getLogger(log.ROOT)
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        with made.measuring({}):
            made.solve()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
        made.close()
    each = detected.AVERAGE["11point"]
    expected = {"detection_eval": sum(each.values()) / 2, "class1": each[1], "class2": each[2]}
    assert f"] class1: {each[1]:g}\n" in Path("train.log").read_text()
    measured = [json.loads(line) for line in Path("snap.jsonl").read_text().splitlines()]
    assert measured[1]["outputs"] == pytest.approx(expected)
    for path in ("snap.jsonl", "train.log"):
        rows = log_reading.read(path).test
        assert [row["NumIters"] for row in rows] == [0, 2]
        for row in rows:
            assert {name: row[name] for name in list(row)[3:]} == pytest.approx(expected, rel=1e-5)
        drawn = plotting.picture([("", log_reading.read(path))], "NumIters").panels["accuracy"]
        assert [(curve.label.partition(",")[0], curve.faint) for curve in drawn] == [
            ("detection_eval", False), ("class1", True), ("class2", True)]


def test_it_is_found_without_the_word_too():
    expected = sum(detected.AVERAGE["Integral"].values()) / 2
    assert dict(solver("").test())["detection_eval"] == pytest.approx([expected])


def test_classes_that_are_nowhere_are_told_once(lines):
    made = solver("", classes=4)
    made.test()
    made.test()
    assert sum("nothing to find of class 3, which counts as 0" in line for line in lines) == 1


def test_mistakes():
    with pytest.raises(ConfigError, match=r"solver.prototxt:4: there is no such eval_type "
                       r"\(found detections.*Did you mean detection?"):
        solver('eval_type: "detections"')
    with pytest.raises(ConfigError, match=r"solver.prototxt:4: there is no such ap_version"):
        solver('eval_type: "detection" ap_version: "voc"')
    Path("net.prototxt").write_text(NET.replace(" include { phase: TRAIN }", ""))
    with pytest.raises(ConfigError, match=r'solver.prototxt:4: .*found loss in test net #0.*'
                       "DetectionEvaluate"):
        create_solver("solver.prototxt")
