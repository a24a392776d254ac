"""A solver for trial: it trains as the file says and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.upgrade import read_solver_param
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import set_path
from caffepy.services.job import set_train_state
from caffepy.services.work import SEED

TESTS = ("test_iter", "test_interval", "test_net", "test_net_param", "test_state",
         "test_initialization", "snapshot_best", "patience", "eval_type")
FILES = ("display", "snapshot", "snapshot_prefix", "snapshot_keep")


def solver(path: str, iterations: int, *, level: int = 0, stages: Sequence[str] = ("",),
           weights: str = "", seed: int | None = None, tests: bool = False) -> Any:
    """The SolverParameter of a file, without snapshots, display and, unless wanted, tests.

    Args:
        weights: .caffemodel files to start from, separated by commas, instead of the file's.
        seed: of all draws; None: the file's random_seed, or work.SEED if it has none.
        tests: keep the test nets; they are built, and not run.

    Raises:
        CaffeError: the file cannot be read.
    """
    param, _ = read_solver_param(path)
    set_train_state(param, level, stages)
    for field in (*(() if tests else (*TESTS, "average_decay")), *FILES):
        param.ClearField(field)
    if tests:
        for field in ("snapshot_best", "patience"):
            param.ClearField(field)
        param.test_initialization = False
    param.snapshot_after_train = False
    param.max_iter = iterations
    if weights:
        del param.weights[:]
        set_path(param, "weights", weights)
    if seed is not None or param.random_seed < 0:
        param.random_seed = SEED if seed is None else seed
    param.on_nan = caffe_pb2.SolverParameter.STOP
    return param
