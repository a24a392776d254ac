"""Small nets and solvers, as files, for tests of the Python interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import caffepy

DEPLOY = """
name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 4 dim: 2 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""

# a line that can be learned: label = 2 * sum of data
TRAIN = """
name: "line"
force_backward: true
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 }
  data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 6 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 1 weight_filler { type: "gaussian" std: 0.1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
"""

LOSSES = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
  loss_weight: 2 }
"""


def write(folder: Path, name: str, text: str) -> str:
    """Put a text into a file; returns its path, as scripts have it."""
    path = folder / name
    path.write_text(text)
    return str(path)


def solver_file(folder: Path, more: str = "", net: str = TRAIN) -> str:
    """A solver of the line, with a test net."""
    path = write(folder, "train.prototxt", net)
    return write(folder, "solver.prototxt", f"""
        net: "{path}" base_lr: 0.01 lr_policy: "fixed" max_iter: 20 random_seed: 5
        test_iter: 2 test_interval: 1000 test_initialization: false
        snapshot_prefix: "{folder}/snap" {more}
    """)


def net_of(tmp_path, prototxt, phase=caffepy.TRAIN, **options):
    return caffepy.Net(write(tmp_path, "net.prototxt", prototxt), phase, **options)


def data(*shape):
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)
