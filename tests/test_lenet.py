"""LeNet on the real digits follows the original's training, on every engine.

The 10,000 iterations of the whole run take minutes: `pytest -m slow`.
"""

import re

import numpy as np
import pytest
from support import ENGINES, REFERENCE

from caffepy.core.context import Context
from caffepy.core.upgrade import read_solver_param
from caffepy.proto import caffe_pb2
from caffepy.proto.text import read
from caffepy.solvers.solver import create_solver

SOLVER = "models/lenet/lenet_solver.prototxt"
NET = "models/lenet/lenet_train_test.prototxt"
QUIET = {"test_initialization": False, "test_interval": 10**6, "snapshot": 0,
         "snapshot_after_train": False}


@pytest.fixture
def lenet(mnist, tmp_path, request):
    """The solver of models/lenet on this session's databases; its snapshots go to tmp_path."""
    root = request.config.rootpath

    def make(engine=None, **settings):
        param, _ = read_solver_param(root / SOLVER)
        net = caffe_pb2.NetParameter()
        read(root / NET, net)
        for layer in net.layer:
            if layer.type == "Data":
                train = layer.include[0].phase == caffe_pb2.TRAIN
                layer.data_param.source = str(mnist.train if train else mnist.test)
        param.ClearField("net")
        param.net_param.CopyFrom(net)
        param.snapshot_prefix = str(tmp_path / "lenet")
        param.display = 0
        for name, value in settings.items():
            setattr(param, name, value)
        context = Context(seed=1, engines=[engine] if engine else None)
        return create_solver(param, context=context)

    return make


# Largest difference from the recorded loss over 100 iterations. In exact arithmetic it is 7e-5. In
# float32 near-ties fall one way or the other with the rounding: which value wins a pooling window,
# whether a ReLU is on. The first that falls differently (iteration 16 to 18 with oneDNN, with
# PyTorch, and on some processors with the BLAS below the reference kernels) leads to about 3e-3 at
# iteration 87, whichever it was.
CLOSENESS = 4e-3
ROUNDING = 1e-5  # before the first near-tie
FIRST_NEAR_TIE = 15


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_200_iterations_follow_the_recorded_ones(lenet, engine):
    recorded = np.load(REFERENCE / "lenet_trajectory_200.npz")
    solver = lenet(engine, max_iter=200, **QUIET)
    solver.load_weights([str(REFERENCE / "lenet_init.caffemodel")])
    losses = []
    solver.on_iteration.append(lambda s: losses.append(s.losses[-1]))
    solver.step(200)
    difference = np.abs(np.array(losses) - recorded["loss"])
    assert len(losses) == 200
    assert difference[:FIRST_NEAR_TIE].max() < ROUNDING
    assert difference[:100].max() < CLOSENESS
    results = dict(solver.test(0))
    assert abs(results["accuracy"] - recorded["test_accuracy"]) < 0.003
    assert abs(results["loss"] - recorded["test_loss"]) < 0.01
    solver.close()


@pytest.mark.slow
def test_the_whole_run_reaches_the_original_accuracy(lenet):
    solver = lenet(**QUIET)
    solver.step(10000)
    assert dict(solver.test(0))["accuracy"] >= 0.989  # the original: 0.9904
    solver.close()


def test_the_solver_file_is_the_published_recipe(request):
    text = (request.config.rootpath / SOLVER).read_text()
    for setting in ("base_lr: 0.01", "momentum: 0.9", "weight_decay: 0.0005", 'lr_policy: "inv"',
                    "gamma: 0.0001", "power: 0.75", "max_iter: 10000", "test_iter: 100"):
        assert re.search(rf"^{setting}$", text, re.MULTILINE), setting
