"""The whole log of a LeNet training, test and timing, line by line against the original's.

Numbers are brought to '#', so that the recorded run (MNIST, 500 iterations) can be compared with
a short one on eight made-up pictures: what must agree is every word, its order and its line.
"""

from __future__ import annotations

import re
from pathlib import Path

import lmdb
import numpy as np
import pytest

from caffepy.proto import caffe_pb2

RECORDED = Path(__file__).parent.parent / "reference" / "logs"

# said when a thread happens to be behind
TIMING = ("Waiting for data", "Restarting data prefetching from start.")

NET = """
name: "LeNet"
layer {
  name: "mnist" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.00390625 }
  data_param { source: "mnist_train_lmdb" batch_size: 2 backend: LMDB }
}
layer {
  name: "mnist" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 }
  data_param { source: "mnist_test_lmdb" batch_size: 2 backend: LMDB }
}
layer {
  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 20 kernel_size: 5 stride: 1
    weight_filler { type: "xavier" } bias_filler { type: "constant" } }
}
layer {
  name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 }
}
layer {
  name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 50 kernel_size: 5 stride: 1
    weight_filler { type: "xavier" } bias_filler { type: "constant" } }
}
layer {
  name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 }
}
layer {
  name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  inner_product_param { num_output: 500
    weight_filler { type: "xavier" } bias_filler { type: "constant" } }
}
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer {
  name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  param { lr_mult: 1 } param { lr_mult: 2 }
  inner_product_param { num_output: 10
    weight_filler { type: "xavier" } bias_filler { type: "constant" } }
}
layer {
  name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
  include { phase: TEST }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""

# the recorded run's solver with every count divided by 100: the log has as many lines
SOLVER = """
net: "rel_net.prototxt" test_iter: 4 test_interval: 5 base_lr: 0.01 display: 1 max_iter: 5
lr_policy: "inv" gamma: 0.0001 power: 0.75 momentum: 0.9 weight_decay: 0.0005 snapshot: 5
snapshot_prefix: "lenet" solver_mode: CPU random_seed: 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rel_net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    generator = np.random.default_rng(1701)
    for name in ("mnist_train_lmdb", "mnist_test_lmdb"):
        with lmdb.open(str(tmp_path / name), map_size=1 << 22) as database:
            with database.begin(write=True) as transaction:
                for i in range(8):
                    pixels = generator.integers(0, 256, 784, np.uint8).tobytes()
                    datum = caffe_pb2.Datum(
                        channels=1, height=28, width=28, label=i, data=pixels)
                    transaction.put(b"%08d" % i, datum.SerializeToString())
    return tmp_path


def words(log: str) -> list[str]:
    """The log without prefixes and timing, its numbers brought to '#'."""
    lines = []
    for line in log.splitlines():
        message = re.sub(r"^[IWE]\d{4} [\d:.]{15} +\d+ [\w.]+:\d+\] ", "", line)
        if message not in TIMING:
            message = re.sub(r"_iter_\d+", "_iter_#", message)
            # not the digits of names such as conv1 and label_mnist_1_split
            lines.append(re.sub(r"(?<!\w)-?\d+(\.\d+)?(e[-+]\d+)?(?=s/|\b)", "#", message))
    return lines


def recorded(name: str) -> list[str]:
    """The original's log as ours should be. Two things differ in where they are said: our data
    layer opens its database in its set-up, and the softmax inside the loss is a kernel of ours,
    where the original creates a layer."""
    lines = words((RECORDED / name).read_text())
    for i in reversed(range(len(lines))):
        if lines[i].startswith("Opened lmdb"):
            # after "Creating Layer mnist", "mnist -> data", "mnist -> label"
            lines.insert(i + 3, lines.pop(i))
        elif lines[i] == "Creating layer loss" and lines[i - 1] == "loss -> loss":
            del lines[i]
    return lines


def test_train(call) -> None:
    done = call("train", "--solver=solver.prototxt", "--logtostderr")
    assert done.exit_code == 0
    ours = words(done.stderr)
    where, = [line for line in ours if line.startswith("Snapshots go to ")]
    ours.remove(where)  # the one line that the original does not have
    assert ours == recorded("lenet_train.log")


def test_test(call, folder: Path) -> None:
    assert call("train", "--solver=solver.prototxt").exit_code == 0
    done = call("test", "-model=rel_net.prototxt", "-weights=lenet_iter_5.caffemodel",
                "-iterations=100", "--logtostderr")
    assert done.exit_code == 0
    ours, theirs = words(done.stderr), recorded("lenet_test.log")
    twice, = [line for line in ours if "count twice" in line]  # eight records for 10000
    ours.remove(twice)
    assert ours == theirs


def test_time(call) -> None:
    done = call("time", "-model=rel_net.prototxt", "-iterations=10", "--logtostderr")
    assert done.exit_code == 0
    ours = words(done.stderr)
    end = next(i for i, line in enumerate(ours) if "Benchmark ends" in line)
    assert ours[: end + 1] == recorded("lenet_time.log")  # what is ours alone comes after it


def test_every_first_line_has_the_classic_prefix(call) -> None:
    done = call("train", "--solver=solver.prototxt", "--logtostderr")
    prefix = re.compile(r"[IWE]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \w+\.py:\d+\] ")
    # only the printed messages (solver, nets) have lines without one
    others = [line for line in done.stderr.splitlines() if not prefix.match(line)]
    assert all(re.match(r"\s*(\w+: .*|\w+ \{|\})$", line) for line in others)
