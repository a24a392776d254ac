"""Whole nets in half precision on a GPU: recorded layer cases, replays, LeNet.

Runs on the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from gpu.test_passes import passes
from numpy.testing import assert_array_equal
from support import REFERENCE, case_names, run_case

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.place import HALVES
from caffepy.core.upgrade import read_solver_param
from caffepy.proto import caffe_pb2, wire
from caffepy.proto.text import read
from caffepy.solvers.solver import Solver, create_solver

MODEL = Path(__file__).parents[2] / "models" / "lenet"
REAL = os.environ.get("CAFFEPY_TEST_GPU") == "1"
STEPS = 200 if REAL else 6  # on the fake: beyond the three steps before a graph is recorded
# Largest difference of the loss from the one recorded in float32. The loss begins at 2.3; what
# rounds each activation by half an epsilon moves it by a few of them.
CLOSENESS = {"float16": 2e-3, "bfloat16": 2e-2}
REAL_CLOSENESS = 0.15  # of single batches, after many steps


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", case_names())
def test_layer_case(name, half, gpu):
    run_case(name, device=gpu, precision=half)


@pytest.mark.parametrize("name", case_names())
def test_replayed_passes(name, gpu, monkeypatch):
    """To the bit what the layers give, since both round in the same places."""
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")
    found, recorded, recordable = passes(name, gpu, "float16")
    assert recorded or not recordable
    monkeypatch.setenv("CAFFEPY_GRAPHS", "0")
    expected, _, _ = passes(name, gpu, "float16")
    for key, value in expected.items():
        assert_array_equal(found[key], value, key)


def lenet(mnist, folder: Path, gpu: int, half: str) -> Solver:
    """LeNet's solver, whose net says itself that it is in half precision."""
    param, _ = read_solver_param(MODEL / "lenet_solver.prototxt")
    net = caffe_pb2.NetParameter()
    read(MODEL / "lenet_train_test.prototxt", net)
    net.default_forward_type = net.default_backward_type = caffe_pb2.Type.Value(half.upper())
    for layer in net.layer:
        if layer.type == "Data":
            train = layer.include[0].phase == caffe_pb2.TRAIN
            layer.data_param.source = str(mnist.train if train else mnist.test)
    param.ClearField("net")
    param.net_param.CopyFrom(net)
    param.MergeFrom(caffe_pb2.SolverParameter(
        snapshot_prefix=str(folder / "lenet"), test_initialization=False, test_interval=10**6,
        snapshot_after_train=False, average_loss=STEPS))
    param.display = param.snapshot = 0
    solver = create_solver(param, context=Context(gpu, seed=1))
    solver.load_weights([str(REFERENCE / "lenet_init.caffemodel")])
    return solver


@pytest.mark.parametrize("half", HALVES)
def test_lenet_trains_as_in_float32(gpu, mnist, tmp_path, half):
    recorded = np.load(REFERENCE / "lenet_trajectory_200.npz")
    solver = lenet(mnist, tmp_path, gpu, half)
    try:
        solver.step(STEPS)
        difference = np.abs(np.array(solver.losses) - recorded["loss"][:STEPS])
        assert len(difference) == STEPS
        assert 0 < difference[:6].max() < CLOSENESS[half]
        assert difference.max() < (REAL_CLOSENESS if REAL else CLOSENESS[half])
        if REAL:
            results = dict(solver.test(0))
            assert abs(results["accuracy"] - recorded["test_accuracy"]) < 0.005
            return
        forward = solver.net.executor._forward.recordings
        assert any(isinstance(item, recorder.Graph) for items in forward.values()
                   for item in items)
        place = Place.DEVICE.holding(half)
        for name in ("conv1", "pool1", "conv2", "pool2", "ip1", "ip2"):
            blob = solver.net.blobs[name]
            for tensor in (blob.values, blob.grads):
                assert place.half in {p.half for p in tensor.memory.state.valid}, name
        # the parameters are float32: hardly any of their numbers are one of the few that half has
        weights = solver.net.params["ip1"][0].data.copy()
        if half == "float16":
            assert (weights != weights.astype(np.float16)).mean() > 0.9
        model = solver.snapshot().replace(".solverstate", ".caffemodel")
        (saved,) = [layer for layer in wire.read_net(model).layers if layer.name == "ip1"]
        assert_array_equal(saved.blobs[0], weights)
        assert all(blob.dtype == np.float32 for blob in solver.updater.history_blobs())
    finally:
        solver.close()


def test_lenets_replays_are_what_its_layers_do(gpu, mnist, tmp_path, monkeypatch):
    monkeypatch.setenv("CAFFEPY_DETERMINISTIC", "1")
    found = []
    for switch in ("1", "0"):
        monkeypatch.setenv("CAFFEPY_GRAPHS", switch)
        solver = lenet(mnist, tmp_path, gpu, "float16")
        try:
            solver.step(6)
            found.append([*solver.losses, *(p.blob.data.copy() for p in solver.net.parameters)])
        finally:
            solver.close()
    for one, other in zip(*found, strict=True):
        assert_array_equal(one, other)
