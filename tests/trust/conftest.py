"""A training as a process of its own, on data made here, that can be killed and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

PICTURES = """
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mirror: true crop_size: 8 scale: 0.00390625 }
  image_data_param { source: "list.txt" batch_size: 7 shuffle: true rand_skip: 5 } }
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 8 scale: 0.00390625 }
  image_data_param { source: "list.txt" batch_size: 5 } }
"""
ROWS = """
layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "rows.txt" batch_size: 7 shuffle: true } }
"""
NET = """name: "small" {data}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: 6 kernel_size: 3 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }}
layer {{ name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param {{ bias_term: true }} }}
layer {{ name: "relu" type: "ReLU" bottom: "conv" top: "conv" }}
layer {{ name: "drop" type: "Dropout" bottom: "conv" top: "conv" }}
layer {{ name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param {{ num_output: 3 weight_filler {{ type: "gaussian" std: 0.1 }} }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
"""
SOLVER = """net: "net.prototxt" base_lr: 0.05 lr_policy: "multistep" stepvalue: 20 stepvalue: 50
gamma: 0.5 momentum: 0.9 weight_decay: 0.001 iter_size: 2 average_loss: 4 display: 1
test_iter: 4 test_interval: 9 snapshot_prefix: "snap" snapshot: 7 max_iter: 90
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; the shell's settings do not reach the test."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("GLOG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GLOG_logtostderr", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def write_data(folder: Path) -> None:
    """20 pictures of 12 x 10 with labels 0 to 2, as files and as rows."""
    random = np.random.default_rng(1)
    pictures = random.integers(0, 256, (20, 12, 10, 3), np.uint8)
    labels = random.integers(0, 3, 20)
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{i}.png"), picture)
    (folder / "list.txt").write_text("".join(f"{i}.png {n}\n" for i, n in enumerate(labels)))
    with h5py.File(folder / "rows.h5", "w") as file:
        file["data"] = pictures[:, :8, :8].transpose(0, 3, 1, 2) / np.float32(256)
        file["label"] = labels.astype(np.float32)
    (folder / "rows.txt").write_text("rows.h5\n")


def write(folder: Path, data: str = PICTURES, more: str = "") -> None:
    """A folder with data, net.prototxt and solver.prototxt."""
    folder.mkdir(exist_ok=True)
    write_data(folder)
    (folder / "net.prototxt").write_text(NET.format(data=data))
    (folder / "solver.prototxt").write_text(SOLVER + more)


Train = Callable[..., "Run"]


class Run:
    """A training process.

    Args:
        folder: where it runs.
        arguments: further flags.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "caffepy", "train", "-solver=solver.prototxt", *arguments],
            cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def until(self, words: str) -> None:
        """Read its log up to a line with these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended without saying {words!r}: {''.join(self.lines[-5:])}")

    def kill(self) -> None:
        """What a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.end()
        assert self.process.returncode == -signal.SIGKILL, "it was over before"

    def end(self) -> int:
        """Read the rest of its log; returns its exit code."""
        assert self.process.stderr is not None
        self.lines += self.process.stderr.readlines()
        self.process.stderr.close()
        return self.process.wait(60)


@pytest.fixture
def train():
    """Start a training: ``train(folder, *flags)``. What still runs at the end is killed."""
    runs: list[Run] = []

    def start(folder: Path, *arguments: str) -> Run:
        runs.append(Run(folder, *arguments))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        if run.process.stderr is not None:
            run.process.stderr.close()
