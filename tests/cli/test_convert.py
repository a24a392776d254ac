"""caffepy convert: files out and in, by their suffixes, and what is said about them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx_nets import built, filled, need_onnx

from caffepy.core.net import Net
from caffepy.exchange import files, onnx_library
from caffepy.exchange.out import table
from caffepy.proto import caffe_pb2

NET = """
name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param {
        pool: AVE global_pooling: true } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
        inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""
TRAINING = """
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
        shape { dim: 8 dim: 4 } shape { dim: 8 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
        num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
RULE = """
picture_param { height: 8 width: 8 mean_value: 104 mean_value: 117 mean_value: 123 scale: 0.5
                label: "cat" label: "dog" label: "cow" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    need_onnx()
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(NET)
    built(NET).save("net.caffemodel")
    Path("train_val.prototxt").write_text(TRAINING)
    return tmp_path


def run(path: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    model = onnx_library.load(path)
    names = [value.name for value in model.graph.output]
    return dict(zip(names, onnx_library.runtime(model)[1](names, inputs), strict=True))


def test_a_net_and_its_weights_become_an_onnx_file(call) -> None:
    done = call("convert", "-model", "net.prototxt", "-weights", "net.caffemodel",
                "-out", "net.onnx")
    assert done.exit_code == 0, done.output
    assert re.fullmatch(r"onnxruntime gives the same: largest difference [\d.e-]+, [\d.e-]+ of the "
                        r"largest number\nWrote net\.onnx\.\n", done.stdout)
    net = Net("net.prototxt", caffe_pb2.TEST)
    net.load("net.caffemodel")
    x = np.random.default_rng(3).standard_normal((2, 3, 6, 6)).astype(np.float32)
    net.blobs["data"].data[...] = x
    net.forward()
    np.testing.assert_allclose(run("net.onnx", data=x)["prob"], net.blobs["prob"].data, atol=1e-5)


def test_another_shape_and_opset(call) -> None:
    done = call("convert", "-model=net.prototxt", "-out=net.onnx", "-input_shape=1,3,9,7",
                "-opset=13", "-nocheck")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "There are no -weights. Parameters that are not loaded are those that fillers draw, zeros "
        "where there is none.\nWrote net.onnx.\n")
    model = onnx_library.load("net.onnx")
    assert model.opset_import[0].version == 13
    shape = model.graph.input[0].type.tensor_type.shape
    assert [dim.dim_value for dim in shape.dim] == [1, 3, 9, 7]


def test_layers_that_no_file_has_are_named(call) -> None:
    Path("net.prototxt").write_text(NET.replace('name: "ip"', 'name: "other"'))
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx")
    assert done.stdout.startswith("These have none in the files: other. Parameters that are not")


def test_weights_of_another_net_are_refused(call) -> None:
    for name in ("conv", "ip"):
        Path("net.prototxt").write_text(Path("net.prototxt").read_text().replace(
            f'name: "{name}"', f'name: "my_{name}"'))
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx")
    assert done.exit_code == 1 and not Path("net.onnx").exists()
    assert "nothing was copied from net.caffemodel" in done.stderr


def test_sizes_left_open_are_compared_with_others(call) -> None:
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx",
                "-dynamic")
    assert [line.split(" onnxruntime")[0] for line in done.stdout.splitlines()[1:3]] == [
        "With another batch", "With another size"]
    assert run("net.onnx", data=np.zeros((5, 3, 9, 7), np.float32))["prob"].shape == (5, 3)


def test_of_a_net_for_training_the_net_for_use_is_written(call) -> None:
    done = call("convert", "-model=train_val.prototxt", "-out=net.onnx")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("It is a net for training: what is written is the net for use")
    assert run("net.onnx", data=np.zeros((1, 4), np.float32))["prob"].sum() == pytest.approx(1)


def test_what_was_done_to_pictures_travels(call) -> None:
    Path("net.prototxt").write_text(NET + RULE)
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx")
    sentence = ("channels B, G, R (or gray), numbers from 0 to 255, then brought to 8 x 8, the "
                "middle of which is the input, then minus 104, 117, 123, then times 0.5")
    assert done.stdout.startswith(f"Input: {sentence}. The file's metadata say so, too.\n")
    notes = {note.key: note.value for note in onnx_library.load("net.onnx").metadata_props}
    assert notes["preprocessing"] == sentence and notes["labels"] == "cat\ndog\ncow"
    assert 'label: "dog"' in notes["picture_param"] and "scale: 0.5" in notes["picture_param"]


def test_a_mean_picture_is_told_in_numbers(call) -> None:
    Path("net.prototxt").write_text(NET + 'picture_param { mean_file: "mean.binaryproto" }')
    mean = caffe_pb2.BlobProto(num=1, channels=3, height=2, width=1, data=[1, 3, 4, 4, 5, 6])
    Path("mean.binaryproto").write_bytes(mean.SerializeToString())
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx")
    assert "minus the mean picture mean.binaryproto (on the whole 2, 4, 5.5)" in done.stdout


def test_a_file_that_would_give_other_numbers_is_not_written(call, monkeypatch) -> None:
    find = table.find
    monkeypatch.setattr(table, "find", lambda spec: find(spec) if spec.type != "ReLU" else (
        lambda step: step("LeakyRelu", step.x, alpha=0.5)))
    done = call("convert", "-model=net.prototxt", "-weights=net.caffemodel", "-out=net.onnx")
    assert done.exit_code == 1 and not Path("net.onnx").exists()
    assert "layer 'relu': both sides give other numbers" in done.stderr


def test_an_onnx_file_becomes_a_net(call, monkeypatch) -> None:
    """By whatever reads it: here a stand-in that gives a net with weights."""
    net = filled(built(NET))
    monkeypatch.setattr(files, "reader", lambda path: lambda path, options: (
        net.to_proto(), ["It was small."]))
    Path("other.onnx").touch()
    done = call("convert", "-model=other.onnx", "-out=back.prototxt")
    assert done.stdout.splitlines() == [
        "It was small.", "The weights are in back.caffemodel.", "Wrote back.prototxt."]
    text = Path("back.prototxt").read_text()
    assert text.startswith("# Made of other.onnx by `caffepy convert`.\n# It was small.\n")
    assert "blobs" not in text
    back = Net("back.prototxt", caffe_pb2.TEST)
    back.load("back.caffemodel")
    np.testing.assert_array_equal(back.params["conv"][0].data, net.params["conv"][0].data)


@pytest.mark.parametrize("arguments, said", [
    ([], "Need a model to convert"),
    (["-model=net.prototxt"], "Need a file to write"),
    (["-model=nte.prototxt", "-out=a.onnx"], "flag 'model': File not found: nte.prototxt"),
    (["-model=net.caffemodel", "-out=a.onnx"], "flag 'model' wants a prototxt"),
    (["-model=net.prototxt", "-out=a.onx"],
     r"files of this kind are not written \(found the suffix '.onx'; .* Did you mean .onnx?"),
    (["-model=net.prototxt", "-out=net"], "found no suffix"),
    (["-model=net.prototxt", "-out=a.onnx", "-input_shape=3,6,6"],
     r"input_shape has a number for each axis of the input \(found 3,6,6; allowed: 4 numbers"),
    (["-model=net.prototxt", "-out=a.onnx", "-opset=5"], "the opset is not known here"),
    (["-model=net.prototxt", "-out=gone/a.onnx"], "there is no folder gone"),
])
def test_mistakes_are_one_line(call, arguments, said) -> None:
    done = call("convert", *arguments)
    assert done.exit_code == 1
    assert re.search(said, done.stderr), done.stderr
    assert "Traceback" not in done.stderr and not Path("a.onnx").exists()


def test_weights_are_for_a_prototxt(call) -> None:
    Path("other.onnx").touch()
    done = call("convert", "-model=other.onnx", "-weights=net.caffemodel", "-out=a.prototxt")
    assert "weights are for a prototxt" in done.stderr
    done = call("convert", "-model=other.onnx", "-out=a.caffemodel")
    assert "a net that is read is written as a prototxt" in done.stderr
