"""LeNet on the real digits follows the original's training: on a real GPU for 200 iterations, on
the fake device, which is slow, for the first few."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from support import REFERENCE, tf32_on_a_real_gpu

from caffepy.core.context import Context
from caffepy.core.upgrade import read_solver_param
from caffepy.proto import caffe_pb2
from caffepy.proto.text import read
from caffepy.solvers.solver import create_solver

MODEL = Path(__file__).parents[2] / "models" / "lenet"
REAL = os.environ.get("CAFFEPY_TEST_GPU") == "1"
FEW = 5  # on the fake: beyond the three steps before a graph is recorded

# Largest difference of the loss. Rounding alone until the first near-tie (which of two values wins
# a window) falls differently, see tests/test_lenet.py; TF32 rounds a thousand times as coarsely.
ROUNDING, FIRST_NEAR_TIE = 1e-5, 15
CLOSENESS = 4e-3
COARSE = 5e-2


def test_the_loss_follows_the_recorded_one(gpu, mnist, tmp_path):
    recorded = np.load(REFERENCE / "lenet_trajectory_200.npz")
    param, _ = read_solver_param(MODEL / "lenet_solver.prototxt")
    net = caffe_pb2.NetParameter()
    read(MODEL / "lenet_train_test.prototxt", net)
    for layer in net.layer:
        if layer.type == "Data":
            train = layer.include[0].phase == caffe_pb2.TRAIN
            layer.data_param.source = str(mnist.train if train else mnist.test)
    param.ClearField("net")
    param.net_param.CopyFrom(net)
    param.MergeFrom(caffe_pb2.SolverParameter(
        snapshot_prefix=str(tmp_path / "lenet"), test_initialization=False, test_interval=10**6,
        snapshot_after_train=False, average_loss=200))
    param.display = param.snapshot = 0
    solver = create_solver(param, context=Context(gpu, seed=1))
    try:
        solver.load_weights([str(REFERENCE / "lenet_init.caffemodel")])
        steps = 200 if REAL else FEW
        solver.step(steps)
        difference = np.abs(np.array(solver.losses) - recorded["loss"][:steps])
        assert len(difference) == steps
        coarse = tf32_on_a_real_gpu()
        assert difference[:FIRST_NEAR_TIE].max() < (COARSE if coarse else ROUNDING)
        assert difference[:100].max() < (COARSE if coarse else CLOSENESS)
        if REAL:
            results = dict(solver.test(0))
            assert abs(results["accuracy"] - recorded["test_accuracy"]) < 0.003
            assert abs(results["loss"] - recorded["test_loss"]) < 0.01
    finally:
        solver.close()
