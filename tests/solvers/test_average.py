"""Averaged weights: the formula, who uses them, and that a resumed run has the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from workers import together

from caffepy.core.net import Net
from caffepy.errors import ConfigError, NotFound
from caffepy.proto import caffe_pb2, text
from caffepy.solvers import keep
from caffepy.solvers.solver import create_solver

from .conftest import SETTINGS, SMALL, values

# statistics that a layer gathers, a parameter that two layers share in different shapes
NET = """net_param { name: "shared"
  layer { name: "data" type: "DummyData" top: "x" top: "y"
    dummy_data_param { shape { dim: 8 dim: 6 } data_filler { type: "gaussian" } } }
  layer { name: "norm" type: "BatchNorm" bottom: "x" top: "n" }
  layer { name: "ip1" type: "InnerProduct" bottom: "n" top: "ip1" param { name: "w" }
    inner_product_param { num_output: 6 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param { name: "w" }
    inner_product_param { num_output: 6 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "y" top: "loss" } }
"""
TESTED = "test_iter: 2 test_interval: 3 "


def averages(solver):
    return [p.blob.data.copy() for p in solver.average.net.parameters]


def of_file(path, net=SMALL):
    """The parameters of a file, in a net of its own."""
    param = caffe_pb2.SolverParameter()
    text.parse(net, param)
    loaded = Net(param.net_param, caffe_pb2.TRAIN)
    loaded.load(path)
    return [p.blob.data.copy() for p in loaded.parameters]


def outputs(lines):
    return [line for line in lines if "Test net output" in line]


@pytest.mark.parametrize("net", [SMALL, NET], ids=["small", "shared"])
@pytest.mark.parametrize("decay", [0.3, 0.9])
def test_the_formula(make, net, decay):
    solver = make(f"average_decay: {decay} iter_size: 2", net=net)
    expected = []
    for t in range(1, 9):
        solver.step(1)
        weights = [w.astype(np.float64) for w in values(solver)]
        d = min(decay, (1 + t) / (10 + t))
        expected = [a + (1 - d) * (w - a)
                    for a, w in zip(expected or weights, weights, strict=True)]
        for a, b in zip(averages(solver), expected, strict=True):
            assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert decay == 0.9 or d == decay
    layer = {layer.name: layer for layer in solver.average.net.layers}
    if net is NET:
        assert_array_equal(layer["ip1"].blobs[0].data, layer["ip2"].blobs[0].data)
        assert averages(solver)[2] == pytest.approx(expected[2])  # how many batches were gathered


def test_tests_use_them_and_the_training_does_not(make, lines):
    plain, averaged = make(TESTED), make(TESTED + "average_decay: 0.9")
    for solver in (plain, averaged):
        solver.step(6)
    for a, b in zip(values(plain), values(averaged), strict=True):
        assert_array_equal(a, b)
    averaged.average.net.save("averages.caffemodel")
    plain.net.load("averages.caffemodel")
    del lines[:]
    for solver in (plain, averaged):
        solver.test_all()
    first, second = outputs(lines)
    assert first == second
    assert not np.array_equal(averaged.test_nets[0].params["ip1"][0].data,
                              averaged.net.params["ip1"][0].data)


def test_the_first_test_is_of_the_first_weights(make):
    solver = make(TESTED + "average_decay: 0.9")
    solver.step(0)
    solver.test_all()
    assert_array_equal(solver.test_nets[0].params["ip1"][0].data,
                       solver.net.params["ip1"][0].data)


@pytest.mark.parametrize("format, ending", [("BINARYPROTO", ""), ("HDF5", ".h5")])
def test_a_resumed_run_has_the_same(make, lines, format, ending):
    settings = f"{SETTINGS} {TESTED} average_decay: 0.95 snapshot_format: {format}"
    whole = make(settings=settings)
    whole.step(5)
    path = whole.snapshot()
    assert f"snap_iter_5_average.caffemodel{ending}" in lines[-2]
    for a, b in zip(averages(whole), of_file(f"snap_iter_5_average.caffemodel{ending}"),
                    strict=True):
        assert_array_equal(a, b)
    del lines[:]
    whole.step(7)
    tests = outputs(lines)
    resumed = make(settings=settings)
    resumed.step(2)
    del lines[:]
    resumed.restore(path)
    resumed.step(7)
    assert outputs(lines) == tests and len(tests) == 2
    for a, b in zip(averages(whole) + values(whole), averages(resumed) + values(resumed),
                    strict=True):
        assert_array_equal(a, b)
    # what is written is the same, byte by byte
    files = [Path(f"snap_iter_12{kind}{ending}")
             for kind in (".caffemodel", "_average.caffemodel", ".solverstate")]
    written = []
    for solver in (whole, resumed):
        solver.snapshot()
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]


def test_snapshots_without_averages_begin_them(make, lines):
    first = make()
    first.step(3)
    path = first.snapshot()
    assert not list(Path().glob("*average*"))
    second = make("average_decay: 0.9")
    second.step(5)
    second.restore(path)
    second.step(1)
    for a, b in zip(averages(second), values(second), strict=True):
        assert_array_equal(a, b)
    path = second.snapshot()
    first.restore(path)
    assert any("averaged weights of this snapshot are not used" in line for line in lines)


def test_weights_from_elsewhere_begin_them_anew(make):
    solver = make("average_decay: 0.9")
    solver.step(4)
    solver.net.save("other.caffemodel")
    solver.load_weights("other.caffemodel")
    solver.step(1)
    for a, b in zip(averages(solver), values(solver), strict=True):
        assert_array_equal(a, b)


def test_old_ones_are_deleted_and_missing_ones_told(make, folder):
    solver = make("average_decay: 0.9 snapshot: 2 snapshot_keep: 2 max_iter: 6")
    solver.solve()
    assert sorted(p.name for p in folder.glob("snap*")) == sorted(
        f"snap_iter_{i}{kind}" for i in (4, 6)
        for kind in (".caffemodel", "_average.caffemodel", ".solverstate"))
    assert keep.latest("snap") == "snap_iter_6.solverstate"
    Path("snap_iter_6_average.caffemodel").unlink()
    assert keep.latest("snap") == "snap_iter_4.solverstate"
    with pytest.raises(NotFound, match="snap_iter_6_average.caffemodel"):
        solver.restore("snap_iter_6.solverstate")


def test_the_best_are_averages(make):
    solver = make(TESTED + 'average_decay: 0.9 snapshot_best: "loss"')
    solver.step(4)
    assert solver.state.best_iter == 3
    with create_solver(solver.param) as again:
        again.step(3)
        for a, b in zip(averages(again), of_file("snap_best.caffemodel"), strict=True):
            assert_array_equal(a, b)


def test_of_several_workers_the_first_averages():
    def train(communicator):
        param = caffe_pb2.SolverParameter()
        text.parse(SMALL + SETTINGS + TESTED + "average_decay: 0.9 snapshot_prefix: 'snap'", param)
        with create_solver(param, communicator=communicator) as solver:
            solver.step(4)
            path = solver.snapshot() if communicator.root else "snap_iter_4.solverstate"
            communicator.agree(0)
            solver.restore(path)
            solver.step(4)
            return solver.average and averages(solver), values(solver)

    (found, weights), (none, others) = together(2, train)
    assert none is None and len(found) == 4
    for a, b, c in zip(weights, others, found, strict=True):
        assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize("decay", [1, -0.1, 1.5])
def test_decays_that_are_none_are_refused(make, decay):
    with pytest.raises(ConfigError, match="average_decay must be at least 0 and below 1"):
        make(f"average_decay: {decay}")


def test_nothing_is_kept_where_nobody_asks(make):
    assert make().average is None


def test_on_a_device(gpu, make, monkeypatch):
    """The same as on a CPU, behind updates that are backward's sequel, too."""
    from caffepy.core.context import Context

    monkeypatch.delenv("CAFFEPY_ENGINE")
    settings = SETTINGS.replace("random_seed: 7", "random_seed: 7 average_decay: 0.9")
    host = make(settings=settings)
    device = make(settings=settings, context=Context(gpu, seed=7))
    for solver in (host, device):
        solver.step(6)
    for a, b in zip(averages(host), averages(device), strict=True):
        assert_allclose(a, b, rtol=1e-4, atol=1e-6)
