"""Small files for the command's tests: nets and solvers, no database needed."""

from __future__ import annotations

import re
from pathlib import Path

NET = """
name: "small"
layer {{ name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param {{
    shape {{ dim: 4 dim: 3 }} shape {{ dim: 4 }}
    data_filler {{ type: "gaussian" std: 1 }} data_filler {{ type: "constant" value: 1 }}
  }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param {{ num_output: 2 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include {{ phase: TEST }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
{more}
"""

SOLVER = {
    "net": '"net.prototxt"', "base_lr": "0.1", "lr_policy": '"fixed"', "max_iter": "4",
    "display": "2", "test_iter": "2", "test_interval": "4", "snapshot_prefix": '"small"',
    "random_seed": "1",
}


def write_net(folder: Path, more: str = "") -> Path:
    path = folder / "net.prototxt"
    path.write_text(NET.format(more=more))
    return path


def write_solver(folder: Path, more: str = "", **fields: int) -> Path:
    """solver.prototxt, with other values for some fields and ``more`` at its end."""
    path = folder / "solver.prototxt"
    lines = [f"{name}: {value}" for name, value in {**SOLVER, **fields}.items()]
    path.write_text("\n".join([*lines, more]))
    return path


def messages(stderr: str) -> list[str]:
    """The log's messages, without glog's prefix (which every first line must have)."""
    lines = []
    for line in stderr.splitlines():
        found = re.fullmatch(r"[IWE]\d{4} [\d:.]{15} +\d+ \w+\.py:\d+\] (.*)", line)
        lines.append(found[1] if found else line)
    return lines
