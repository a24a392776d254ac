"""Means of outputs over batches."""

import h5py
import numpy as np
import pytest

from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.services import testing
from caffepy.solvers.means import OutputMeans
from caffepy.solvers.solver import Solver


def batch(*rows):
    return [(name, np.array(values, np.float32), weight) for name, values, weight in rows]


def test_each_value_has_its_mean():
    means = OutputMeans()
    means.add(batch(("loss", [3.0], 0.5), ("per_class", [0.0, 1.0], 0.0)))
    means.add(batch(("loss", [1.0], 0.5), ("per_class", [0.5, 0.0], 0.0)))
    (name, loss, weight), (_, classes, _) = means.means()
    assert (name, loss.tolist(), weight) == ("loss", [2.0], 0.5)
    assert classes.tolist() == [0.25, 0.5]


def test_sums_are_in_double_precision():
    means = OutputMeans()
    means.add(batch(("x", [2.0**24], 0.0)))
    for _ in range(3):
        means.add(batch(("x", [1.0], 0.0)))
    assert means.means()[0][1] * 4 == 2**24 + 3


def test_outputs_that_change_their_number_have_none(caplog):
    means = OutputMeans()
    for rows in (7, 14, 14, 21):
        means.add(batch(("detections", np.zeros(rows), 0.0), ("loss", [1.0], 1.0)))
    assert [name for name, _, _ in means.means()] == ["loss"]
    assert len(caplog.records) == 1
    assert "'detections' has 7 values in one batch and 14" in caplog.text


def test_no_batch_no_mean():
    assert OutputMeans().means() == []


FILTERED = """
layer { name: "data" type: "HDF5Data" top: "x" top: "chosen"
        hdf5_data_param { source: "list.txt" batch_size: 2 } }
layer { name: "filter" type: "Filter" bottom: "x" bottom: "chosen" top: "some" }
layer { name: "mean" type: "Reduction" bottom: "x" top: "mean" reduction_param { operation: MEAN } }
"""


@pytest.fixture
def net(tmp_path, monkeypatch):
    """The path of a net whose output 'some' has one row, then two."""
    monkeypatch.chdir(tmp_path)
    with h5py.File("x.h5", "w") as file:
        file["x"] = np.float32([[1], [2], [3], [4]])
        file["chosen"] = np.float32([1, 0, 1, 1])
    (tmp_path / "list.txt").write_text("x.h5\n")
    (tmp_path / "net.prototxt").write_text(FILTERED)
    return "net.prototxt"


def test_a_test_goes_on_without_them(net, caplog):
    scores = testing.score(Net(net, caffe_pb2.TEST), 2)
    assert scores.outputs == [("mean", 2.5)]
    assert "'some' has 1 values in one batch and 2 in another" in caplog.text


def test_and_so_does_a_training(net, caplog):
    solver = Solver(caffe_pb2.SolverParameter(
        net=net, test_iter=[2], test_interval=1, lr_policy="fixed"))
    (name, mean), = solver.test()
    assert (name, mean.tolist()) == ("mean", [2.5])
    assert "'some' has 1 values in one batch and 2 in another" in caplog.text
