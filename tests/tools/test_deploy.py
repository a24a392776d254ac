"""deploy: the net for use says of a picture what the net for training says of it."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import TEST, Net
from caffepy.core.upgrade import read_net_param
from caffepy.errors import ConfigError
from caffepy.services.deploying import deploy
from caffepy.tools.deploy import main

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(1701)

DATA = """
layer { name: "data" type: "DummyData" top: "data" top: "label"
  include { phase: TEST }
  dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 5 } shape { dim: 4 }
    data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
"""
BODY = """
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  param { lr_mult: 1 name: "shared" } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" }
    bias_filler { type: "constant" value: 0.3 } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv"
  dropout_param { dropout_ratio: 0.4 } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
"""
LOSS = """
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def write(tmp_path, *parts):
    path = tmp_path / "train_val.prototxt"
    path.write_text('name: "small"\n' + "".join(parts))
    return str(path)


def names(made):
    return [layer.name for layer in made.layer]


def test_the_installed_command_and_the_same_outputs(shell, tmp_path):
    path = write(tmp_path, DATA, BODY, LOSS)
    done = shell("deploy", "--batch=4", "train_val.prototxt", "deploy.prototxt")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "deploy.prototxt").read_text()
    assert text.startswith('# Made of train_val.prototxt by `caffepy deploy`.\nname: "small"')
    for word in ("filler", "lr_mult", "include", "label", "Accuracy", "transform_param"):
        assert word not in text
    assert 'param {\n    name: "shared"\n  }' in text  # sharing is part of the net
    trained = Net(path, TEST)
    trained.save(str(tmp_path / "w.caffemodel"))
    net = Net(str(tmp_path / "deploy.prototxt"), TEST, weights=str(tmp_path / "w.caffemodel"))
    assert net.inputs == ["data"] and net.outputs == ["prob"]
    trained.forward()
    out = net.forward(data=trained.blobs["data"].data)["prob"]
    scores = trained.blobs["ip"].data
    e = np.exp(scores - scores.max(1, keepdims=True))
    assert_allclose(out, e / e.sum(1, keepdims=True), rtol=1e-4)


def test_without_an_output_it_is_printed(call, tmp_path):
    done = call(main, write(tmp_path, DATA, BODY, LOSS))
    assert done.exit_code == 0 and 'type: "Softmax"' in done.output and "dim: 10" in done.output


def test_losses_and_what_takes_their_place(tmp_path):
    softmax = 'layer { name: "a" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "a" }'
    aside = ('layer { name: "side" type: "InnerProduct" bottom: "conv" top: "side"'
             " inner_product_param { num_output: 5 } }"
             'layer { name: "loss1" type: "SoftmaxWithLoss" bottom: "side" bottom: "label"'
             ' top: "loss1" loss_weight: 0.3 }')
    made, _ = deploy(write(tmp_path, DATA, BODY, aside, softmax))
    assert names(made) == ["data", "conv", "relu", "drop", "ip", "prob"]

    made, _ = deploy(write(tmp_path, DATA, BODY, softmax, aside.replace("0.3", "1")))
    assert names(made)[-3:] == ["prob", "side", "loss1_prob"]

    words = "softmax_param { axis: 1 label_smooth_factor: 0.1 class_weight: 2 hard_ratio: 0.5 } }"
    made, _ = deploy(write(tmp_path, DATA, BODY, softmax.replace("}", words)))
    own = [field.name for field, _ in made.layer[-1].softmax_param.ListFields()]
    assert made.layer[-1].type == "Softmax" and own == ["axis"]

    sigmoid = LOSS.replace("SoftmaxWithLoss", "SigmoidCrossEntropyLoss")
    made, _ = deploy(write(tmp_path, DATA, BODY, sigmoid))
    assert (made.layer[-1].type, made.layer[-1].bottom[0]) == ("Sigmoid", "ip")
    there = 'layer { name: "own" type: "Sigmoid" bottom: "ip" top: "own" }'
    made, _ = deploy(write(tmp_path, DATA, BODY, there, sigmoid))
    assert names(made)[-2:] == ["ip", "own"]

    made, _ = deploy(write(tmp_path, DATA, BODY, LOSS.replace("SoftmaxWithLoss", "EuclideanLoss")))
    assert names(made)[-1] == "ip"

    made, _ = deploy(write(tmp_path, DATA, BODY))  # no loss at all: what nobody reads
    assert names(made)[-1] == "ip"

    kept = LOSS.replace('top: "loss" }', 'top: "loss" softmax_param { axis: -1 } }')
    made, _ = deploy(write(tmp_path, DATA, BODY, kept))
    assert made.layer[-1].softmax_param.axis == -1


def test_data_of_the_other_phase_serves_where_test_has_none(tmp_path):
    made, _ = deploy(write(tmp_path, DATA.replace("TEST", "TRAIN"), BODY, LOSS))
    assert names(made)[0] == "data" and list(made.layer[0].input_param.shape[0].dim) == [
        10, 3, 6, 5]
    with pytest.raises(ConfigError, match="no layer of the TEST phase makes the blob 'data'"):
        deploy(write(tmp_path, BODY, LOSS))


def test_shapes_from_files_from_the_crop_or_said(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["data"], file["label"] = np.zeros((6, 2, 3, 4), np.float32), np.zeros(6, np.float32)
    (tmp_path / "list.txt").write_text(f"{tmp_path}/x.h5\n")
    hdf5 = ('layer {{ name: "in" type: "HDF5Data" top: "data" top: "label" hdf5_data_param {{'
            ' source: "{}" batch_size: 2 }} }}')
    made, notes = deploy(write(tmp_path, hdf5.format(tmp_path / "list.txt"), BODY, LOSS), 1)
    assert list(made.layer[0].input_param.shape[0].dim) == [1, 2, 3, 4]
    crop = ('layer { name: "in" type: "Data" top: "data" top: "label" transform_param {'
            ' crop_size: 8 mean_file: "m.binaryproto" }'
            ' data_param { source: "gone" batch_size: 2 } }')
    made, notes = deploy(write(tmp_path, crop, BODY, LOSS), 1)
    assert list(made.layer[0].input_param.shape[0].dim) == [1, 3, 8, 8]
    assert "minus the mean picture m.binaryproto, cropped to 8 x 8." in notes[0]
    assert notes[1] == "The same: classify --mean_file=m.binaryproto"
    made, _ = deploy(write(tmp_path, crop, BODY, LOSS), 1, [1, 9, 7])
    assert list(made.layer[0].input_param.shape[0].dim) == [1, 1, 9, 7]
    memory = ('layer { name: "in" type: "MemoryData" top: "data" top: "label" memory_data_param {'
              " batch_size: 2 channels: 3 height: 7 width: 8 } }")
    made, _ = deploy(write(tmp_path, memory, BODY, LOSS), 1)
    assert list(made.layer[0].input_param.shape[0].dim) == [1, 3, 7, 8]
    with pytest.raises(ConfigError, match="train_val.prototxt, layer 'in': .*--input_shape=C,H,W"):
        deploy(write(tmp_path, crop.replace("crop_size: 8", ""), BODY, LOSS))


def test_a_net_for_use_stays_as_it_is(tmp_path):
    made, _ = deploy(write(tmp_path, DATA, BODY, LOSS))
    (tmp_path / "d.prototxt").write_text(str(made))
    assert deploy(str(tmp_path / "d.prototxt"))[0] == made


@pytest.mark.parametrize("model", ["caffenet", "alexnet", "googlenet", "resnet50", "vgg16",
                                   "squeezenet", "mobilenet"])
def test_the_models_layers_are_those_of_their_deploy_nets(model):
    """Ours were written by hand or by NetSpec; both take the same weights to the same output."""
    folder = ROOT / "models" / model
    theirs, _ = read_net_param(str(folder / "deploy.prototxt"))
    batch = theirs.layer[0].input_param.shape[0].dim[0]
    made, _ = deploy(str(folder / "train_val.prototxt"), batch)

    def learned(param):
        kinds = ("Convolution", "InnerProduct", "BatchNorm", "Scale")
        return [(layer.name, layer.type, layer.convolution_param.num_output,
                 layer.inner_product_param.num_output) for layer in param.layer
                if layer.type in kinds]

    assert learned(made) == learned(theirs)
    assert made.layer[0].input_param == theirs.layer[0].input_param
    assert list(made.layer[-1].top) == list(theirs.layer[-1].top) == ["prob"]


def test_a_detectors_outputs_are_the_boxes_that_its_test_phase_finds():
    """Its loss has several bottoms, of which none alone is an answer."""
    made, _ = deploy(str(ROOT / "models/digits_ssd/train_val.prototxt"), input_shape=(3, 96, 96))
    shipped, _ = read_net_param(str(ROOT / "models/digits_ssd/deploy.prototxt"))
    kinds = [layer.type for layer in made.layer]
    assert kinds[-1] == "DetectionOutput" and "DetectionEvaluate" not in kinds
    assert kinds == [layer.type for layer in shipped.layer]


@pytest.mark.parametrize("arguments, said", [
    (("gone.prototxt",), "gone.prototxt"),
    (("train_val.prototxt", "-input_shape=3,x"), "input_shape must be numbers"),
    (("train_val.prototxt", "-batch=0"), "batch must be 1 or more"),
    (("train_val.prototxt",), "nothing of the net is left for use"),
])
def test_what_goes_wrong_is_one_line(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, DATA, 'layer { name: "silence" type: "Silence" bottom: "data" }')
    done = call(main, *arguments)
    assert done.exit_code == 1 and said in done.output and "bug" not in done.output
