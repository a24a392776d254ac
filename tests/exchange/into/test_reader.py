"""Whole models: what is refused and how, names, constants, open sizes, what is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from exchange.into.models import check, converted, model, node, numbers, onnx, saved, types

from caffepy.errors import CaffeError, ConfigError, NumericError
from caffepy.exchange.files import Options
from caffepy.exchange.into import reader
from caffepy.exchange.into.model import Model
from caffepy.exchange.into.step import module_name

IMAGE = (2, 4, 6, 6)


def test_all_that_cannot_be_said_is_said_at_once(tmp_path):
    made = model([node("Erf", "x", to="e", name="gelu/Erf"), node("Relu", "e", to="r"),
                  node("Pad", "r", "p", to="q", mode="reflect"),
                  node("MaxPool", "q", to="m", kernel_shape=[2, 2], dilations=[2, 2]),
                  node("MatMul", "m", "r")], (1, 2, 6, 6),
                 p=np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    with pytest.raises(ConfigError) as caught:
        converted(made, tmp_path)
    first, *more = str(caught.value).splitlines()
    assert first == ("model: the model has nodes that cannot be said in Caffe (found 4). Export it "
                     "without them.")
    assert more == [
        "    Erf 'gelu/Erf': no layer computes it",
        "    Pad 'q': padding by mode 'reflect'",
        "    MaxPool 'm': a window with holes (dilations)",
        "    MatMul 'y': a product of two values, neither of which is weights"]


def test_operations_of_others_are_named(tmp_path):
    made = model([node("Relu", "x", to="r"), node("Gelu", "r", name="g", domain="com.example")],
                 IMAGE, domains=["com.example"])
    with pytest.raises(ConfigError, match="Gelu 'g': an operation of com.example, not of ONNX"):
        converted(made, tmp_path)


def test_shapes_that_are_computed_are_constants(tmp_path):
    """What an exporter writes for x.view(x.size(0), -1): Shape, Gather, Unsqueeze, Concat."""
    made = model([
        node("Shape", "x", to="s"), node("Gather", "s", "i", to="n"),
        node("Unsqueeze", "n", "i1", to="n1"), node("Concat", "n1", "rest", to="to", axis=0),
        node("Reshape", "x", "to", to="flat"), node("Gemm", "flat", "w")], IMAGE,
        i=np.array(0), i1=np.array([0]), rest=np.array([-1]), w=numbers(144, 3))
    assert types(check(made, tmp_path)) == ["Input", "Flatten", "InnerProduct"]


def test_a_batch_that_is_open_is_one_picture(tmp_path):
    made = model([node("GlobalAveragePool", "x", to="p"), node("Flatten", "p")],
                 ("batch", 4, 5, 5))
    param = converted(made, tmp_path)
    assert list(param.layer[0].input_param.shape[0].dim) == [1, 4, 5, 5]
    check(made, tmp_path)


def test_an_open_size_must_be_told(tmp_path):
    made = model([node("Relu", "x")], ("n", 3, "h", "w"))
    with pytest.raises(ConfigError, match="input 'x'.* found n x 3 x h x w|found 1 x 3 x h x w"):
        converted(made, tmp_path)
    param, _ = reader.read(saved(made, tmp_path), Options(input_shape=(2, 3, 8, 9)))
    assert list(param.layer[0].input_param.shape[0].dim) == [2, 3, 8, 9]


@pytest.mark.parametrize("opset", [6, 22])
def test_opsets_that_are_not_read(opset, tmp_path):
    made = model([node("Relu", "x")], IMAGE)
    made.opset_import[0].version = opset
    with pytest.raises(ConfigError, match=f"found {opset}; allowed: 7 to 21"):
        Model(made)


def test_what_is_no_model(tmp_path):
    path = tmp_path / "no.onnx"
    path.write_bytes(b"nothing of the kind")
    for name in (path, tmp_path / "missing.onnx"):
        with pytest.raises(CaffeError):
            reader.read(name, Options())


def test_outputs_are_called_as_in_the_model(tmp_path):
    """Also one that another layer's name is, one that others read, and an Identity."""
    made = model([node("Conv", "x", "w", to="a", name="y"), node("Relu", "a", to="b"),
                  node("Sigmoid", "b"), node("Identity", "b", to="same")], IMAGE,
                 ("y", "b", "same"), w=numbers(4, 4, 1, 1))
    param, told = reader.read(saved(made, tmp_path), Options())
    assert "the same: largest difference" in told[-1]
    tops = {layer.name: list(layer.top) for layer in param.layer}
    assert tops == {"x": ["x"], "y": ["y_1"], "b": ["b"], "y_2": ["y"], "same": ["same"]}


def test_names_come_from_weights_and_modules(tmp_path):
    made = model([node("Conv", "x", "features.0.weight", to="a", name="/features/features.0/Conv"),
                  node("Relu", "a", to="b", name="/features/features.1/Relu"),
                  node("Relu", "b", name="/features/features.1/Relu_1")], IMAGE,
                 **{"features.0.weight": numbers(4, 4, 1, 1)})
    param = converted(made, tmp_path)
    assert [layer.name for layer in param.layer] == ["x", "features.0", "features.1",
                                                     "features.1_2"]
    assert module_name("/layer1/layer1.0/relu") == "layer1.0.relu"
    assert module_name("conv/1") == "conv/1"


def test_layers_that_no_output_needs_are_left_out_and_parts_are_swallowed(tmp_path):
    made = model([node("Sigmoid", "x", to="dead"), node("Split", "x", to="a,b", axis=1),
                  node("Relu", "a")], IMAGE)
    param = check(made, tmp_path)
    assert types(param) == ["Input", "Slice", "ReLU", "Silence"]


def test_types_that_the_original_lacks_are_told(tmp_path):
    made = model([node("Transpose", "x", perm=[0, 3, 1, 2], to="t"), node("HardSwish", "t")], IMAGE)
    _, told = reader.read(saved(made, tmp_path), Options(check=False))
    assert told == ["Types that the original Caffe does not have: Permute (ssd), "
                    "HardSwish (synopsys)."]


def test_a_net_that_gives_other_numbers_is_refused(tmp_path, monkeypatch):
    made = model([node("Relu", "x", to="r"), node("Elu", "r", to="e", name="wrong", alpha=0.5),
                  node("Neg", "e")], IMAGE)
    monkeypatch.setattr("caffepy.exchange.into.rules.neuron.PLAIN", {"Relu": "Sigmoid"})
    with pytest.raises(NumericError, match="layer 'r'"):
        reader.read(saved(made, tmp_path), Options())
    reader.read(saved(made, tmp_path), Options(check=False))


def test_half_precision_becomes_float32(tmp_path):
    half = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT16, [2, 3])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT16, [2, 4])
    weights = onnx.numpy_helper.from_array(numbers(3, 4).astype(np.float16), "w")
    graph = onnx.helper.make_graph([node("Gemm", "x", "w")], "net", [half], [out], [weights])
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    made.ir_version = 8
    param = converted(made, Path(tmp_path))
    assert param.layer[1].blobs[0].data[:] == pytest.approx(
        onnx.numpy_helper.to_array(weights).T.reshape(-1).astype(float))
