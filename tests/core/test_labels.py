"""Labels that are no whole numbers, or no classes at all: told, by whatever way they come."""

from __future__ import annotations

import logging
from pathlib import Path
from timeit import timeit

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from solvers.conftest import lines  # noqa: F401

import caffepy
from caffepy.cli.main import main
from caffepy.core import labels
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.solvers.solver import create_solver

HDF5 = ('layer { name: "h" type: "HDF5Data" top: "data" top: "label" '
        'hdf5_data_param { source: "x.txt" batch_size: 4 } }\n')
IP = ('layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
      "inner_product_param { num_output: 3 } }\n")
SOFTMAX = ('layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" '
           'top: "loss" %s }\n')
SOLVER = ('net: "n.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 8 random_seed: 1 '
          "snapshot_after_train: false ")
FRACTIONS = [1, 1.7, .5, 2.9, .1, 1.2, 2.4, 1.9]
CURE = "for regression, where the numbers themselves are learnt, use EuclideanLoss."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(net: str, values: object = FRACTIONS, solver: str = "") -> None:
    with h5py.File("x.h5", "w") as file:
        file["data"], file["label"] = np.ones((8, 4), "f"), np.array(values, "f")
    Path("x.txt").write_text("x.h5\n")
    Path("n.prototxt").write_text(net)
    Path("s.prototxt").write_text(SOLVER + solver)


def told(lines: list[str]) -> list[str]:  # noqa: F811
    return [line for line in lines if "is taken as" in line]


def check() -> str:
    done = CliRunner().invoke(main, ["check", "s.prototxt"])
    assert done.exit_code == 0, done.output
    return done.stdout.split("\n\n")[-1]


def accuracy(name: str = "accuracy") -> str:
    return (f'layer {{ name: "{name}" type: "Accuracy" bottom: "ip" bottom: "label" '
            f'top: "{name}" }}\n')


PROBABILITIES = 'layer { name: "p" type: "Softmax" bottom: "ip" top: "p" }\n'


@pytest.mark.parametrize("net, who", [
    (IP + SOFTMAX % "", "layer 'loss' (SoftmaxWithLoss)"),
    (IP + SOFTMAX % "" + accuracy(), "layer 'loss' (SoftmaxWithLoss)"),  # once for both
    (IP + accuracy() + SOFTMAX % "", "layer 'accuracy' (Accuracy)"),
    (IP + (SOFTMAX % "").replace("SoftmaxWithLoss", "HingeLoss"), "layer 'loss' (HingeLoss)"),
    (IP + PROBABILITIES + (SOFTMAX % "").replace("SoftmaxWithLoss", "MultinomialLogisticLoss")
     .replace('"ip"', '"p"'), "layer 'loss' (MultinomialLogisticLoss)"),
    (IP + 'layer { name: "m" type: "DummyData" top: "m" dummy_data_param { shape { dim: 3 dim: 3 } '
     "data_filler { value: 1 } } }" + (SOFTMAX % "").replace("SoftmaxWithLoss", "InfogainLoss")
     .replace('bottom: "label"', 'bottom: "label" bottom: "m"'), "layer 'loss' (InfogainLoss)"),
])
def test_every_layer_that_reads_classes(net, who, lines):  # noqa: F811
    write(HDF5 + net)
    with create_solver("s.prototxt") as solver:
        solver.solve()
    (line,) = told(lines)
    assert line.startswith("n.prototxt:")
    assert f"{who}: 1.7 in 'label', row 1 of the batch, is no class: it is taken as 1." in line
    assert line.endswith(CURE)
    assert line in check()


def test_pairs_and_indices(lines):  # noqa: F811
    pair = ('layer { name: "c" type: "ContrastiveLoss" bottom: "data" bottom: "data" '
            'bottom: "label" top: "c" }')
    write(HDF5 + pair, [0, 1, 0.7, 1, 0, 1, 0, 1])
    Net("n.prototxt", caffe_pb2.TRAIN).forward()
    (line,) = told(lines)
    assert "0.7 in 'label', row 2 of the batch, is no label of a pair: it is taken as 0." in line
    del lines[:]
    write(HDF5 + 'layer { name: "e" type: "Embed" bottom: "label" top: "e" '
          "embed_param { input_dim: 3 num_output: 2 } }", [0, 1, 2, 1.5, 0, 1, 0, 1])
    Net("n.prototxt", caffe_pb2.TRAIN).forward()
    (line,) = told(lines)
    assert "1.5 in 'label', row 3 of the batch, is no index: it is taken as 1." in line


def test_on_a_gpu_the_first_batches_are_looked_at(gpu, lines):  # noqa: F811
    """There a layer does not look by itself, since its steps are recorded."""
    write(HDF5 + IP + SOFTMAX % "" + accuracy())
    with create_solver("s.prototxt", Context(gpu, seed=1)) as solver:
        solver.step(8)
    (line,) = told(lines)
    assert "1.7 in 'label', row 1 of the batch, is no class: it is taken as 1." in line


@pytest.mark.parametrize("values", [[0, 1, 2, 0, 1, 2, 0, 1], [255, 1, 2, 0, 1, 2, 0, 1]])
def test_whole_labels_say_nothing(values, lines):  # noqa: F811
    write(HDF5 + IP + SOFTMAX % "loss_param { ignore_label: 255 }", values)
    with create_solver("s.prototxt") as solver:
        solver.solve()
    assert not told(lines) and "Nothing suspicious." in check()


def test_regression_says_nothing(lines):  # noqa: F811
    losses = (SOFTMAX % "").replace("SoftmaxWithLoss", "%s").replace('"ip"', '"one"').replace(
        'name: "loss"', 'name: "%s"').replace('top: "loss"', "")
    one = IP.replace("num_output: 3", "num_output: 1").replace('"ip"', '"one"')
    write(HDF5 + one + losses % ("e", "EuclideanLoss") + losses % ("s", "SigmoidCrossEntropyLoss"),
          np.reshape(FRACTIONS, (8, 1)))
    with create_solver("s.prototxt") as solver:
        solver.solve()
    assert not told(lines) and "is taken as" not in check()


def test_input_and_memory_data_by_hand(lines):  # noqa: F811
    net = ('layer { name: "in" type: "Input" top: "data" top: "label" input_param { '
           "shape { dim: 4 dim: 4 } shape { dim: 4 } } }" + IP + SOFTMAX % "" + accuracy())
    write(net)
    one = caffepy.Net("n.prototxt", caffepy.TRAIN)
    one.forward()
    assert not told(lines)  # zeros
    one.blobs["label"].data[...] = [0, 0, 0, 2.5]
    one.forward()
    one.forward()
    (line,) = told(lines)
    assert "2.5 in 'label', row 3 of the batch, is no class: it is taken as 2." in line
    del lines[:]
    write('layer { name: "m" type: "MemoryData" top: "data" top: "label" memory_data_param { '
          "batch_size: 2 channels: 4 height: 1 width: 1 } }" + IP + SOFTMAX % "")
    assert "row" not in check()  # and no error: a script brings them
    one = caffepy.Net("n.prototxt", caffepy.TRAIN)
    one.set_input_arrays(np.ones((4, 4, 1, 1), "f"), np.array([0, 1, 0, .25], "f"))
    one.forward()
    assert not told(lines)
    one.forward()
    assert len(told(lines)) == 1 and "0.25 in 'label', row 1" in told(lines)[0]


PYTHON = '''
import caffe, numpy as np
class Labels(caffe.Layer):
    def setup(self, bottom, top): pass
    def reshape(self, bottom, top):
        top[0].reshape(4, 4), top[1].reshape(4)
    def forward(self, bottom, top):
        top[0].data[...] = 1
        top[1].data[...] = [0, 1, 2, 1.25]
'''


def test_python_layers_and_several_axes(lines, folder, monkeypatch):  # noqa: F811
    Path("some_labels.py").write_text(PYTHON)
    monkeypatch.syspath_prepend(str(folder))
    layer = ('layer { name: "py" type: "Python" top: "data" top: "label" '
             'python_param { module: "some_labels" layer: "Labels" } }')
    write(layer + IP + SOFTMAX % "")
    with create_solver("s.prototxt") as solver:
        solver.step(1)
    assert "1.25 in 'label', row 3 of the batch, is no class" in told(lines)[0]
    assert "1.25 in 'label', row 3 of the batch" in check()
    maps = np.zeros((8, 2, 2), "f")
    maps[1, 1, 0] = 1.5
    write(HDF5 + IP.replace("num_output: 3", "num_output: 12")
          + 'layer { name: "r" type: "Reshape" bottom: "ip" top: "r" reshape_param { shape { '
          "dim: 0 dim: 3 dim: 2 dim: 2 } } }" + (SOFTMAX % "").replace('"ip"', '"r"'), maps)
    del lines[:]
    Net("n.prototxt", caffe_pb2.TRAIN).forward()
    assert "1.5 in 'label', row 1 of the batch at (1, 0), is no class" in told(lines)[0]


def test_labels_through_other_layers(lines):  # noqa: F811
    """Slices and splits lie between; the blob is called as in the prototxt."""
    cut = ('layer { name: "s" type: "Slice" bottom: "label" top: "label_a" top: "label_b" '
           "slice_param { axis: 1 } }")
    both = "".join((SOFTMAX % "").replace('"label"', f'"label_{n}"').replace(
        '"loss"', f'"loss_{n}"') + accuracy(f"acc_{n}").replace('"label"', f'"label_{n}"')
        for n in "ab")
    write(HDF5 + cut + IP + both, np.stack([np.zeros(8), FRACTIONS], 1))
    assert "1.7 in 'label_b', row 1 of the batch, is no class" in check()
    with create_solver("s.prototxt") as solver:
        solver.step(1)
    (line,) = told(lines)
    assert "'label_b'" in line and "split" not in line


@pytest.mark.parametrize("bad, words", [
    (3, "found 3; allowed: 0 to 2). Are the labels counted from 1?"),
    (7, "found 7; allowed: 0 to 2"),
    (3.5, "found 3.5; allowed: 0 to 2"),
    (-1, "found -1; allowed: 0 to 2"),
    (-0.5, "found -0.5; allowed: 0 to 2"),
    (np.nan, "found nan; allowed: 0 to 2"),
    (np.inf, "found inf; allowed: 0 to 2"),
    (-np.inf, "found -inf; allowed: 0 to 2"),
])
@pytest.mark.parametrize("reader", ["SoftmaxWithLoss", "Accuracy", "HingeLoss"])
def test_what_is_no_class_is_an_error_and_check_tells_it(bad, words, reader):
    loss = (SOFTMAX % "").replace("SoftmaxWithLoss", reader)
    write(HDF5 + IP + loss, [0, 1, 2, 0, 1, bad, 0, 1])
    net = Net("n.prototxt", caffe_pb2.TRAIN)
    net.forward()
    with pytest.raises(DataError, match="the label of item 1 of the batch is not one of the 3"):
        net.forward()
    out = check()
    assert "the label of item 1 of the batch is not one of the 3 classes" in out and words in out
    assert "is taken as" not in out


def test_a_pair_whose_label_is_no_number():
    pair = ('layer { name: "c" type: "ContrastiveLoss" bottom: "data" bottom: "data" '
            'bottom: "label" top: "c" }')
    write(HDF5 + pair, [0, 1, np.nan, 1, 0, 1, 0, 1])
    with pytest.raises(DataError, match="the label of a pair is no number .found nan in item 2"):
        Net("n.prototxt", caffe_pb2.TRAIN).forward()


def test_what_is_no_number_is_the_layers_to_tell():
    """On a GPU somebody looks before the layer has said it."""
    write(HDF5 + IP + SOFTMAX % "", [0, np.nan, np.inf, 1, 0, 1, 0, 1])
    net = Net("n.prototxt", caffe_pb2.TRAIN)
    net.forward_layer(0)
    net.forward_layer(1)
    assert labels.sentence(net.layers[-1], net.nodes[-1].bottoms[1], 1) is None


def test_a_look_costs_nothing_worth_measuring():
    write(HDF5 + IP + SOFTMAX % "", np.arange(8) % 3)
    net = Net("n.prototxt", caffe_pb2.TRAIN)
    net.forward()
    loss, bottom = net.layers[-1], net.nodes[-1].bottoms[1]
    assert timeit(lambda: labels.look(loss, bottom, 1), number=1000) < 0.2  # 5 us a step, mostly
    loss.labels_seen = labels.LOOKED_AT
    bottom.data[...] = 0.5
    net.forward()  # nobody looks any more
    assert loss.labels_seen == labels.LOOKED_AT


def test_it_is_a_warning(caplog):
    logger = logging.getLogger("caffepy")
    logger.addHandler(caplog.handler)
    write(HDF5 + IP + SOFTMAX % "")
    Net("n.prototxt", caffe_pb2.TRAIN).forward()
    logger.removeHandler(caplog.handler)
    assert [r.levelname for r in caplog.records if "is taken as" in r.getMessage()] == ["WARNING"]
