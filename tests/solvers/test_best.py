"""The best weights are kept, and a training that gets no better is stopped."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from caffepy.core.net import Net
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import create_solver

NET = """
layer { name: "data" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 1 }
        data_filler { value: 1 } } }
layer { name: "w" type: "InnerProduct" bottom: "x" top: "w"
        inner_product_param { num_output: 1 bias_term: false weight_filler { value: 0 } } }
layer { name: "goal" type: "DummyData" top: "goal" dummy_data_param { shape { dim: 1 dim: 1 }
        data_filler { value: 10 } } include { phase: TRAIN } }
layer { name: "goal" type: "DummyData" top: "goal" dummy_data_param { shape { dim: 1 dim: 1 }
        data_filler { value: 3.2 } } include { phase: TEST } }
layer { name: "loss" type: "EuclideanLoss" bottom: "w" bottom: "goal" top: "loss" }
layer { name: "far" type: "Power" bottom: "w" top: "far" include { phase: TEST } }
"""
# w goes 0, 1, 1.9, 2.71, 3.439, 4.0951... towards 10; the test's goal is 3.2
SETTINGS = ('base_lr: 0.1 lr_policy: "fixed" test_iter: 1 test_interval: 1 max_iter: 12 '
            'snapshot_prefix: "run" random_seed: 1 ')


@pytest.fixture
def train(tmp_path, monkeypatch):
    """A solver of the net above."""
    monkeypatch.chdir(tmp_path)
    solvers = []

    def make(more):
        param = caffe_pb2.SolverParameter()
        text.parse(f"net_param {{ {NET} }} {SETTINGS} {more}", param)
        solvers.append(create_solver(param))
        return solvers[-1]

    yield make
    for solver in solvers:
        solver.close()


def weight(path):
    param = caffe_pb2.NetParameter()
    text.parse(NET, param)
    net = Net(param, caffe_pb2.TEST)
    net.load(path)
    return float(net.params["w"][0].data.item())


def test_the_weights_of_the_least_loss_are_kept(train, caplog):
    with caplog.at_level(logging.INFO, "caffepy"):
        solver = train('snapshot_best: "loss"')
        solver.solve()
    assert solver.state.best_iter == 4 and solver.iter == 12
    assert weight("run_best.caffemodel") == pytest.approx(3.439, rel=1e-4)
    said = [m for m in caplog.messages if m.startswith("The best loss so far")]
    assert len(said) == 4 and said[0].endswith("weights written to run_best.caffemodel")
    assert solver.best.found(solver.state) == (
        "The best loss, 0.0285605, is of iteration 4: run_best.caffemodel")


@pytest.mark.parametrize("words, iteration", [("max:loss", 12), ("max:far", 12), ("min:far", 1)])
def test_who_says_it_decides(train, words, iteration):
    solver = train(f'snapshot_best: "{words}"')
    solver.solve()
    assert solver.state.best_iter == iteration


def test_patience_stops(train, caplog):
    with caplog.at_level(logging.INFO, "caffepy"):
        solver = train('snapshot_best: "loss" patience: 3')
        solver.solve()
    assert solver.iter == 7 and solver.stopped
    assert "No better loss in 3 tests: training stops (patience). The best loss" in caplog.text
    assert Path("run_iter_7.solverstate").exists()


@pytest.mark.parametrize("at", [2, 5])
def test_a_resumed_run_keeps_and_stops_as_an_uninterrupted_one(train, at):
    whole = train('snapshot_best: "loss" patience: 3')
    whole.solve()
    best = Path("run_best.caffemodel").read_bytes()
    first = train(f'snapshot_best: "loss" patience: 3 snapshot: {at}')
    first.step(at)
    resumed = train('snapshot_best: "loss" patience: 3')
    resumed.restore(f"run_iter_{at}.solverstate")
    assert resumed.state.tests_since_best == first.state.tests_since_best
    resumed.solve()
    assert resumed.iter == whole.iter == 7
    assert Path("run_best.caffemodel").read_bytes() == best
    for name in ("best_value", "best_iter", "tests_since_best"):
        assert getattr(resumed.state, name) == getattr(whole.state, name)


def test_in_the_snapshots_format(train):
    train('snapshot_best: "loss" snapshot_format: HDF5').solve()
    assert Path("run_best.caffemodel.h5").exists() and not Path("run_best.caffemodel").exists()


@pytest.mark.parametrize("more, words", [
    ('snapshot_best: "los"', "no test net has this output .found los; allowed: far, loss.*Did you"),
    ('snapshot_best: "far"', "more or less of far is better.*max:far"),
    ('snapshot_best: "most:loss"', "more or less of loss is better"),
    ("patience: 3", "patience counts tests.*snapshot_best"),
    ('snapshot_best: "loss" patience: -1', "patience is a number of tests .found -1"),
    ('snapshot_best: "max:"', "snapshot_best names no output .found max:"),
])
def test_refused(train, more, words):
    with pytest.raises(ConfigError, match=words):
        train(more)


def test_what_cannot_be_written(train, monkeypatch, caplog):
    def full(self, path, diff=False):
        raise DataError("the disk is full", where=str(path))

    monkeypatch.setattr(Net, "save", full)
    with pytest.raises(DataError, match="the disk is full"):
        train('snapshot_best: "loss"').step(3)
    train('snapshot_best: "loss" snapshot_errors: WARN').step(3)
    assert "the best weights so far cannot be written: run_best" in caplog.text


def test_a_loss_that_is_no_number_is_never_the_best(train):
    solver = train('snapshot_best: "loss"')
    solver.step(2)
    before = solver.state.best_iter
    solver.net.params["w"][0].data[...] = np.nan
    solver.step(2)
    assert solver.state.best_iter == before and solver.state.tests_since_best == 2
