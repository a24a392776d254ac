"""The tool train, and the flag -workers of the command: processes of this machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.cli.main import main as caffepy
from caffepy.proto import caffe_pb2
from caffepy.tools.train_workers import main

ROOT = Path(__file__).resolve().parents[2]
SOLVER = """
net_param { name: "line"
  layer { name: "data" type: "DummyData" top: "x" top: "y" dummy_data_param {
    shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param {
    num_output: 1 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" } }
base_lr: 0.1 lr_policy: "fixed" random_seed: 3 max_iter: 4 display: 2 snapshot_prefix: "snap"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    Path("solver.prototxt").write_text(SOLVER)


def weights():
    net = caffe_pb2.NetParameter.FromString(Path("snap_iter_4.caffemodel").read_bytes())
    return np.array(net.layer[1].blobs[0].data)


def test_workers_of_the_tool_and_of_the_command_do_the_same(call):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "train"), "--solver=solver.prototxt", "--workers=2",
         "--timing", "--logtostderr"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    times = re.findall(r"^(forw|back) +(\d) +(\w+) : \d+\.\d\d$", done.stderr, re.MULTILINE)
    once = [("forw", "0", "data"), ("forw", "1", "ip"), ("forw", "2", "loss"),
            ("back", "2", "loss"), ("back", "1", "ip"), ("back", "0", "data")]
    assert times == 2 * once, "at iterations 0 and 2, of one worker"
    assert len(re.findall(r"^allreduce: \d", done.stderr, re.MULTILINE)) == 2
    by_tool = weights()
    done = call(caffepy, "train", "-solver", "solver.prototxt", "-workers", "2")
    assert done.exit_code == 0, done.output
    assert_array_equal(weights(), by_tool)
    assert call(caffepy, "train", "-solver", "solver.prototxt").exit_code == 0
    assert not np.array_equal(weights(), by_tool), "one worker has other data"


@pytest.mark.parametrize("flags, words", [
    (["--solver", "solver.prototxt", "--gpus", "0", "1"], "cannot use -gpu 0,1"),
    (["--solver", "solver.prototxt", "--workers", "1000"], "so many workers"),
    (["--solver", "solver.prototxt", "3"], "Numbers of GPUs follow --gpus"),
    ([], "Need a solver definition"),
    (["--solver", "none.prototxt"], "File not found"),
])
def test_refusals(call, flags, words):
    done = call(main, *flags)
    assert done.exit_code == 1 and words in done.output


def test_a_worker_s_error_is_the_command_s(call):
    Path("trouble.py").write_text("""
import caffepy
class Fails(caffepy.Layer):
    def setup(self, bottom, top): pass
    def reshape(self, bottom, top): pass
    def forward(self, bottom, top):
        if self.context.rank == 1:
            raise ValueError("enough")
    def backward(self, top, propagate_down, bottom): pass
""")
    Path("solver.prototxt").write_text(SOLVER.replace('layer { name: "ip"', """
        layer { name: "py" type: "Python" bottom: "x" top: "x"
          python_param { module: "trouble" layer: "Fails" } } layer { name: "ip" """, 1))
    done = call(caffepy, "train", "-solver", "solver.prototxt", "-workers", "2")
    assert done.exit_code == 1 and "error: worker 1: layer 'py'" in done.output, done.output
