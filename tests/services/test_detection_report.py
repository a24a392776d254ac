"""test -detection: each record counts once, whatever the batches; the curves are where they are."""

from pathlib import Path

import detected
import numpy as np
import pytest

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.proto import text as prototxt
from caffepy.services import testing
from caffepy.services.report import chart, curves
from caffepy.services.report.detections import Detections

ELEVEN = detected.AVERAGE["11point"]
# of 101 recalls class 1 reaches 26 at a precision of 1 and 50 at 3 / 4, class 2 51 at 1 / 2
AP50 = ((26 + 50 * 3 / 4) / 101 + 51 / 2 / 101) / 2

BATCHES = """
layer { name: "rows" type: "Input" top: "found" top: "truth" input_param {
  shape { dim: 1 dim: 1 dim: 9 dim: 7 } shape { dim: 1 dim: 1 dim: 6 dim: 8 } } }
layer { name: "evaluate" type: "DetectionEvaluate" bottom: "found" bottom: "truth" top: "rows"
  detection_evaluate_param { num_classes: 3 evaluate_difficult_gt: false } }
"""


def test_a_record_that_comes_twice_counts_once():
    """Five records in batches of three: the sixth is the first again."""
    param = caffe_pb2.NetParameter()
    prototxt.parse(BATCHES, param)
    net = Net(param, caffe_pb2.TEST, context=Context(seed=1))
    judge = Detections.required(net, caffe_pb2.SolverParameter(ap_version="11point"))
    judge.batch, judge.total = 3, 5
    for batch in ([0, 1, 2], [3, 4, 0]):
        for name, rows in zip(("found", "truth"), detected.rows(), strict=True):
            several = rows[batch, 0]
            several[..., 0] = np.where(several[..., 1] == -1, -1, [[0], [1], [2]])
            flat = several.reshape(-1, several.shape[-1])
            last = np.argsort(flat[:, 0] == -1, kind="stable")
            net.blob(name).data[...] = flat[last]
        net.forward()
        judge.look()
    assert judge.count == 5
    assert judge.tally.counts() == {1: 4, 2: 2}
    assert judge.tally.parts() == pytest.approx(ELEVEN)
    assert judge.coco.summary()["AP50"] == pytest.approx(AP50)
    assert [item.number for item in judge.worst.items()] == [1, 0, 2]


def test_nothing_to_score(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text('layer { name: "x" type: "DummyData" top: "x" '
                                    "dummy_data_param { shape { dim: 1 } } }")
    with pytest.raises(CaffeError, match="no layer says which detections are right.*"
                       "DetectionEvaluate"):
        testing.test("net.prototxt", [], 1, Context(seed=1), detection=True)


def test_the_curve_goes_where_precision_and_recall_are():
    flat = curves.Curve(1, "cat", 0.5, np.array([1.0, 0.5]), np.array([0.5, 0.5]))
    page = curves.picture([flat], "title")
    color = np.array(curves.color_of(1))
    at = (page == color).all(-1)[chart.TOP - 1 :, chart.LEFT : chart.LEFT + chart.SIDE]
    rows, columns = np.nonzero(at)
    middle = chart.SIDE // 2
    assert abs(columns.max() - middle) <= 2 and columns.min() <= 2
    assert rows.min() <= 2 and abs(rows.max() - middle) <= 2
    names = [curves.Curve(i, f"class {i}", i / 50, np.ones(1), np.ones(1)) for i in range(50)]
    assert curves.picture(names, "").shape == page.shape
