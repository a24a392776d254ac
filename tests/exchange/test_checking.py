"""The comparison that ends each conversion: what it finds, and what it forgives."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from onnx_nets import built, need_onnx

from caffepy.errors import CaffeError, ConfigError, NumericError
from caffepy.exchange import checking, onnx_library
from caffepy.exchange.files import Options
from caffepy.exchange.out.exporter import export

NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "one" type: "InnerProduct" bottom: "data" top: "one"
        inner_product_param { num_output: 4 } }
layer { name: "relu" type: "ReLU" bottom: "one" top: "one" }
layer { name: "two" type: "InnerProduct" bottom: "one" top: "two"
        inner_product_param { num_output: 2 } }
layer { name: "prob" type: "Softmax" bottom: "two" top: "prob" }
"""


@pytest.fixture(autouse=True)
def packages():
    need_onnx()


def changed(model, name, by):
    """The model with one of its constants changed."""
    numpy_helper = onnx_library.onnx().numpy_helper
    for array in model.graph.initializer:
        if array.name == name:
            values = numpy_helper.to_array(array) * np.float32(1 + by)
            array.CopyFrom(numpy_helper.from_array(values, name))
    return model


def test_what_is_equal_is_said():
    net = built(NET)
    said = checking.against_onnx(net, export(net, Options()).model)
    assert said.startswith("onnxruntime gives the same: largest difference ")


@pytest.mark.parametrize("constant, first", [
    ("one/bias", "one"), ("two/weights", "two")])
def test_the_first_layer_that_differs_is_named(constant, first):
    net = built(NET)
    made = export(net, Options())
    with pytest.raises(NumericError, match=f"layer '{first}': both sides give other numbers"):
        checking.against_onnx(net, changed(made.model, constant, 0.5), outputs=made.outputs,
                              steps=made.steps)


def test_a_small_difference_is_no_error():
    net = built(NET)
    said = checking.against_onnx(net, changed(export(net, Options()).model, "one/bias", 1e-5))
    assert not said.startswith("onnxruntime gives the same: largest difference 0,")


def test_outputs_of_other_names_are_paired_by_their_order():
    net = built(NET)
    model = export(net, Options()).model
    for name, other in (("data", "pixels"), ("prob", "answer")):
        for node in model.graph.node:
            for ends in (node.input, node.output):
                ends[:] = [other if end == name else end for end in ends]
        for value in (*model.graph.input, *model.graph.output):
            value.name = other if value.name == name else value.name
    assert "gives the same" in checking.against_onnx(net, model)


def test_without_onnxruntime_onnx_s_own_evaluator_runs(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    net = built(NET)
    said = checking.against_onnx(net, export(net, Options()).model)
    assert said.startswith("onnx's reference evaluator gives the same")


def test_without_onnx_the_cure_is_named(monkeypatch):
    net = built(NET)
    monkeypatch.setitem(sys.modules, "onnx.helper", None)
    with pytest.raises(ConfigError, match=r"ONNX needs the onnx package .* pip install 'caffepy"):
        export(net, Options())


def test_a_model_that_does_not_run_is_no_difference():
    net = built(NET)
    model = export(net, Options()).model
    model.graph.node[0].op_type = "Gemmm"
    with pytest.raises(CaffeError, match="onnxruntime cannot run the model .*-nocheck"):
        checking.against_onnx(net, model)


def test_what_is_no_onnx_model_is_said(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"layer { }")
    with pytest.raises(CaffeError, match="this is no ONNX model"):
        onnx_library.load(path)


def test_numbers_are_compared_with_the_largest():
    a = np.array([100.0, 1.0])
    assert checking.apart(a, a + 0.05).relative == pytest.approx(5e-4)
    assert checking.apart(a, a[:1]).too_large
    assert checking.apart(a, np.array([100.0, np.nan])).too_large
    same = np.array([np.nan, np.inf, 1.0])
    assert checking.apart(same, same.copy()).absolute == 0


def test_a_few_detections_may_be_lost_by_roundings():
    random = np.random.default_rng(1)
    rows = random.uniform(0, 1, (1, 1, 100, 7))
    others = np.delete(rows, [3, 50], axis=2) + 1e-6
    found = checking.rows_apart(rows, others)
    assert not found.too_large and 0 < found.absolute < 1e-5
    assert checking.rows_apart(rows, rows[:, :, :80]).too_large
    moved = rows.copy()
    moved[..., 3] += 0.1
    assert checking.rows_apart(rows, moved).too_large
    assert checking.rows_apart(rows, rows[:, :, :0]).too_large


def test_inputs_are_such_as_the_layers_that_read_them_take():
    net = built(
        'layer { name: "in" type: "Input" top: "words" top: "cont" input_param { '
        "shape { dim: 5 dim: 3 } shape { dim: 5 dim: 3 } } }"
        'layer { name: "embed" type: "Embed" bottom: "words" top: "x" '
        "embed_param { input_dim: 2 num_output: 4 } }"
        'layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y" '
        "recurrent_param { num_output: 4 } }")
    fed = checking.feed(net)
    assert set(np.unique(fed["words"])) == {0, 1}
    assert not fed["cont"][0].any() and fed["cont"][1:].any()
