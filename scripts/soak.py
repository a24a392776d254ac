#!/usr/bin/env python3
"""Train for long, test and take snapshots on the way, and say whether anything grows or slows.

    scripts/soak.py                          # 20,000 iterations of LeNet on random digits
    scripts/soak.py -source data/mnist/mnist_train_lmdb
    scripts/soak.py -iterations 3000 -small

Reported are memory (resident), open files, threads and iterations a second of processor time (a
busy machine does not count as slow), every 20th of the way, and at the end the change since the
first 20th that lies behind iteration 1000 (or behind a fifth of a shorter run). Growth of more
than 1 % of memory or of one open file ends with exit code 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from caffepy.core.context import Context
from caffepy.data.datum import from_array
from caffepy.data.db import open_db
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import Solver, create_solver

RECORDS = 1000
NET = """net_param {{ name: "LeNet"
  layer {{ name: "data" type: "Data" top: "data" top: "label"
    transform_param {{ scale: 0.00390625 }}
    data_param {{ source: "{source}" backend: LMDB batch_size: {batch} }} }}
  layer {{ name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param {{
    num_output: {narrow} kernel_size: 5 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
    pooling_param {{ pool: MAX kernel_size: 2 stride: 2 }} }}
  layer {{ name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param {{
    num_output: {wide} kernel_size: 5 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2"
    pooling_param {{ pool: MAX kernel_size: 2 stride: 2 }} }}
  layer {{ name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param {{
    num_output: {ip} weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }}
  layer {{ name: "drop1" type: "Dropout" bottom: "ip1" top: "ip1" }}
  layer {{ name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param {{
    num_output: 10 weight_filler {{ type: "xavier" }} }} }}
  layer {{ name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
    include {{ phase: TEST }} }}
  layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }} }}
base_lr: 0.01 lr_policy: "inv" gamma: 0.0001 power: 0.75 momentum: 0.9 weight_decay: 0.0005
display: 100 test_iter: 5 test_interval: {often} snapshot: {often} snapshot_prefix: "{prefix}"
snapshot_keep: 3 max_iter: {iterations} random_seed: 1
"""
LARGE = {"batch": 64, "narrow": 20, "wide": 50, "ip": 500}
SMALL = {"batch": 8, "narrow": 4, "wide": 8, "ip": 32}


def write_database(path: Path) -> None:
    """Noise and random labels: what is learned does not matter here."""
    random = np.random.default_rng(0)
    with open_db(str(path), "LMDB", "new") as db:
        for i in range(RECORDS):
            picture = random.integers(0, 256, (1, 28, 28), np.uint8)
            db.put(f"{i:08d}".encode(), from_array(picture, i % 10).SerializeToString())


class Meter:
    """Rows of (iteration, memory in MiB, files, threads, iterations a second of the processor)."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.rows: list[tuple[int, float, int, int, float]] = []
        self.last = process_time()

    def __call__(self, solver: Solver) -> None:
        if solver.iter % self.every:
            return
        now = process_time()
        row = (solver.iter, memory(), len(os.listdir("/proc/self/fd")), threading.active_count(),
               self.every / (now - self.last))
        self.rows.append(row)
        print("iteration {:7d}  {:8.1f} MiB  {:4d} files  {:3d} threads  {:8.1f} iter/CPU-s".format(
            *row), flush=True)
        self.last = process_time()

    def report(self) -> bool:
        """Print what has changed; whether nothing has grown."""
        after = min(1000, self.rows[-1][0] // 5)
        first = next(row for row in self.rows if row[0] >= after)
        last = self.rows[-1]
        half = len(self.rows) // 2
        speeds = [np.median([row[4] for row in part]) for part in (self.rows[1:half],
                                                                   self.rows[half:])]
        growth = (last[1] / first[1] - 1) * 100
        print(f"from iteration {first[0]} to {last[0]}: memory {growth:+.2f} %, files "
              f"{last[2] - first[2]:+d}, threads {last[3] - first[3]:+d}, speed of the second half "
              f"{speeds[1] / speeds[0]:.3f} of the first's")
        return bool(growth <= 1 and last[2] <= first[2] and last[3] <= first[3])


def memory() -> float:
    """What this process holds of the machine's memory, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-iterations", type=int, default=20000)
    parser.add_argument("-small", action="store_true", help="a net of a hundredth of the work")
    parser.add_argument("-source", type=Path, help="an LMDB of digits to take in their place")
    arguments = parser.parse_args()
    every = max(1, arguments.iterations // 20)
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.source or Path(folder) / "digits_lmdb"
        if not arguments.source:
            write_database(source)
        param = caffe_pb2.SolverParameter()
        text.parse(NET.format(
            source=source, prefix=Path(folder) / "soak", iterations=arguments.iterations,
            often=max(1, min(500, every)), **(SMALL if arguments.small else LARGE)), param)
        meter = Meter(every)
        with create_solver(param, Context(seed=1)) as solver:
            solver.on_iteration.append(meter)
            solver.solve()
        left = sorted(path.name for path in Path(folder).glob("soak_*"))
        print(f"snapshots left: {', '.join(left)}")
    sys.exit(0 if meter.report() else 1)


if __name__ == "__main__":
    main()
