"""Sessions of Octave: m-files of tests/matlab/sessions, run in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caffepy.matlab import FOLDER

SESSIONS = Path(__file__).parent / "sessions"

NET = """
name: "small" force_backward: true
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" }
                            bias_filler { type: "gaussian" } } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" }
                              bias_filler { type: "gaussian" } } }
"""
TRAINED = """
name: "trained"
layer { name: "data" type: "DummyData" top: "data" top: "label"
        dummy_data_param { shape { dim: 4 dim: 6 } shape { dim: 4 }
                           data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
SOLVER = """
net: "trained.prototxt" test_iter: 1 test_interval: 1000 test_initialization: false
base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 max_iter: 9 display: 1 random_seed: 3
snapshot_prefix: "trained"
"""
NOISY = """
import caffe


class Noisy(caffe.Layer):
    def setup(self, bottom, top):
        print("printed by setup")

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        print("printed by forward")
        if bottom[0].data[0, 0] < 0:
            raise ValueError("it is negative")
        top[0].data[...] = bottom[0].data

    def backward(self, top, propagate_down, bottom):
        pass
"""
NOISY_NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "noisy" type: "Python" bottom: "data" top: "noisy"
        python_param { module: "noisy" layer: "Noisy" } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the nets that sessions speak of."""
    for name, text in (("small.prototxt", NET), ("trained.prototxt", TRAINED),
                       ("solver.prototxt", SOLVER), ("noisy.py", NOISY),
                       ("noisy.prototxt", NOISY_NET)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def octave(folder: Path):
    """Runs a session in ``folder``; gives what it prints, if it runs to its end."""
    if shutil.which("octave-cli") is None:
        pytest.skip("no Octave here: apt-get install octave")

    def run(session: str, **variables: str) -> subprocess.CompletedProcess[str]:
        script = SESSIONS / f"{session}.m"
        done = subprocess.run(
            ["octave-cli", "--norc", "--no-history", "--quiet", "--path", str(FOLDER), "--path",
             str(SESSIONS), "--eval", f"source('{script}'); disp('end of session')"],
            cwd=folder, text=True, capture_output=True, timeout=300, check=False,
            env={**os.environ, "CAFFEPY_PYTHON": sys.executable, **variables})
        assert "end of session" in done.stdout, done.stdout + done.stderr
        return done

    return run
