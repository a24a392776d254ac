"""Small nets, weights and data for tests of the board's views.

Pictures are 8 x 8, gray, with one bright quarter, which is their class; the net has the quarters'
masks as its weights, so it is right without a training. Names have HTML in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.datum import from_array
from caffepy.data.db import new_db
from caffepy.proto import caffe_pb2

EVIL = "<img src=x onerror=alert(1)>"
NAMES = ["upper left", "upper right", f"lower left {EVIL}", "lower right"]
SIDE = 8

DATA = """
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: %s }
  transform_param { scale: 0.00390625 %s }
  data_param { source: "%s" backend: %s batch_size: 5 } }
"""
BODY = """
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "hush" type: "Silence" bottom: "conv" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def quarter(label: int, level: int = 250, seed: int = 0) -> np.ndarray:
    """A picture of a class, 1 x 8 x 8."""
    noise = np.random.default_rng(seed).integers(0, 40, (1, SIDE, SIDE))
    row, column = divmod(label, 2)
    noise[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = level - seed % 20
    return noise.astype(np.uint8)


def png(planes: np.ndarray) -> bytes:
    """C x H x W as a file."""
    return bytes(cv2.imencode(".png", planes.transpose(1, 2, 0))[1].tobytes())


def records(count: int = 23) -> list[tuple[np.ndarray, int]]:
    """Pictures and labels in an order that looks shuffled."""
    labels = np.random.default_rng(5).integers(0, 4, count)
    return [(quarter(int(label), seed=i), int(label)) for i, label in enumerate(labels)]


def database(path: Path, items: list[tuple[np.ndarray, int]], backend: str = "lmdb") -> Path:
    """Records as a database."""
    with new_db(str(path), backend) as db:
        for i, (picture, label) in enumerate(items):
            db.put(b"%08d" % i, from_array(picture, label).SerializeToString())
    return path


def write_net(folder: Path, source: Path, backend: str = "LMDB", name: str = "net.prototxt",
              more: str = "", body: str = BODY) -> Path:
    """A net for training and testing on a database."""
    path = folder / name
    path.write_text('name: "quarters"\n' + "".join(
        DATA % (phase, more if phase == "TRAIN" else "", source, backend)
        for phase in ("TRAIN", "TEST")) + body)
    return path


def write_weights(folder: Path, iterations: tuple[int, ...] = (10, 20)) -> list[Path]:
    """Snapshots of a training; each one's weights are its iteration's share of the last one's."""
    param = caffe_pb2.NetParameter()
    from google.protobuf import text_format

    text_format.Parse(
        'layer { name: "data" type: "Input" top: "data" top: "label" input_param { '
        "shape { dim: 5 dim: 1 dim: 8 dim: 8 } shape { dim: 5 } } }" + BODY, param)
    net = Net(param, caffe_pb2.TRAIN, context=Context(seed=3))
    masks = np.stack([(quarter(label) >= 200).ravel() for label in range(4)])
    made = []
    for iteration in iterations:
        weights: Any = net.params["ip"][0].data
        weights[...] = masks * 0.4 * iteration / iterations[-1]
        net.params["ip"][1].data[...] = 0
        made.append(folder / f"quarters_iter_{iteration}.caffemodel")
        net.save(str(made[-1]))
    net.close()
    return made


def fill(folder: Path) -> dict[str, Path]:
    """A net, its weights and its data; names of the classes lie beside."""
    source = database(folder / "quarters_lmdb", records())
    (folder / "labels.txt").write_text("\n".join(NAMES) + "\n")
    weights = write_weights(folder)
    return {"net": write_net(folder, source), "weights": weights[-1], "source": source}
