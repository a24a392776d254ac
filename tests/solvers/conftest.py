"""What the solvers' tests share: the recorded cases, a small net on DummyData, the log's lines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support import REFERENCE

from caffepy import log
from caffepy.core.context import Context
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import Solver, create_solver

# random data, dropout and a test phase: whatever a resumed run could get wrong
SMALL = """
net_param { name: "small"
  layer { name: "data" type: "DummyData" top: "x" top: "y"
    dummy_data_param { shape { dim: 8 dim: 6 } shape { dim: 8 dim: 2 }
                       data_filler { type: "gaussian" } } }
  layer { name: "ip1" type: "InnerProduct" bottom: "x" top: "ip1" param { lr_mult: 1 }
    param { lr_mult: 2 decay_mult: 0 }
    inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "y" top: "loss" } }
"""
SETTINGS = 'base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.01 random_seed: 7 '

Make = Callable[..., Solver]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder, on the engine that is everywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    return tmp_path


@pytest.fixture
def make() -> Any:
    """A solver of the small net: ``make('display: 10', settings=..., action=...)``."""
    solvers: list[Solver] = []

    def build(
        more: str = "", settings: str = SETTINGS, net: str = SMALL, **arguments: Any
    ) -> Solver:
        param = caffe_pb2.SolverParameter()
        text.parse(net + settings + more, param)
        if not param.HasField("snapshot_prefix"):
            param.snapshot_prefix = "snap"
        solvers.append(create_solver(param, **arguments))
        return solvers[-1]

    yield build
    for solver in solvers:
        solver.close()


@pytest.fixture
def lines() -> Any:
    """The messages that were logged so far."""
    logger = logging.getLogger(log.ROOT)
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler, level = Keep(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield messages
    logger.removeHandler(handler)
    logger.setLevel(level)


class Case:
    """A recorded training: six steps of a small net, every parameter after every step."""

    def __init__(self, name: str, folder: Path = REFERENCE / "solvers") -> None:
        with np.load(folder / f"{name}.npz") as file:
            self.arrays = dict(file)
        with h5py.File("rows.h5", "w") as file:
            file["x"], file["y"] = self.arrays["x"], self.arrays["y"]
        Path("list.txt").write_text("rows.h5\n")
        self.param = caffe_pb2.SolverParameter()
        text.parse(str(self.arrays["solver"]).replace("SOURCE", "list.txt"), self.param)
        self.param.snapshot_prefix = "snap"

    def solver(self, engine: str = "reference", device: str | int = "cpu") -> Solver:
        """A solver with the recorded initial weights."""
        solver = create_solver(self.param, Context(device, engines=(engine,), seed=3))
        for (layer, index), values in self.parameters("init").items():
            solver.net.params[layer][index].data[...] = values
        return solver

    def parameters(self, prefix: str) -> dict[tuple[str, int], np.ndarray]:
        found = {}
        for key, values in self.arrays.items():
            head, *rest = key.split("/")
            if head == prefix:
                found[rest[0], int(rest[1])] = values
        return found

    def write(self) -> str:
        """Write the recorded snapshot as files; returns the name of the state."""
        ending = ".h5" if self.param.snapshot_format == 0 else ""
        for kind in ("caffemodel", "solverstate"):
            Path(f"snap_iter_6.{kind}{ending}").write_bytes(self.arrays[kind].tobytes())
        return f"snap_iter_6.solverstate{ending}"


@pytest.fixture
def case() -> Callable[[str], Case]:
    return Case


def values(solver: Solver) -> list[np.ndarray]:
    """Copies of all parameters."""
    return [parameter.blob.data.copy() for parameter in solver.net.parameters]
