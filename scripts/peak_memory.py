#!/usr/bin/env python3
"""Peak resident memory of training steps, caffepy beside PyTorch, each in a process of its own.

    scripts/peak_memory.py models/resnet50/train_val.prototxt -batch 8
    scripts/peak_memory.py models/caffenet/train_val.prototxt -batch 10 -readable
    scripts/peak_memory.py models/lenet/lenet_train_test.prototxt -channels 1 -size 28

What the interpreter and the libraries need counts for both. PyTorch's twin is made from a net of
ours, whose weights are let go of before its first step. ``-readable`` adds a net whose blobs all
stay readable, as scripts hold them.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

STEPS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("nets", nargs="+", metavar="net.prototxt")
    parser.add_argument("-batch", type=int, default=0, help="batch size; 0 takes the prototxt's")
    parser.add_argument("-size", type=int, default=0,
                        help="height and width of the inputs; 0 takes the crop_size")
    parser.add_argument("-channels", type=int, default=3, help="channels of the inputs")
    parser.add_argument("-threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("-readable", action="store_true", help="also without shared memory")
    parser.add_argument("-side", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        step(args)
        print(peak_so_far())
        return 0
    sides = ["caffepy", *(["readable"] if args.readable else [])]
    if importlib.util.find_spec("torch"):
        sides += ["PyTorch", "PyTorch channels-last"]
    print(f"{'MiB':32}" + "".join(f"{side:>24}" for side in sides))
    for net in args.nets:
        peaks = [peak(side, net, args) for side in sides]
        print(f"{net[-32:]:32}" + "".join(f"{at / 2**20:24.0f}" for at in peaks), flush=True)
    return 0


def peak(side: str, net: str, args: argparse.Namespace) -> int:
    """Bytes, of a process that does nothing else."""
    same = [word for name in ("batch", "size", "channels", "threads")
            for word in (f"-{name}", str(getattr(args, name)))]
    done = subprocess.run(
        [sys.executable, __file__, net, "-side", side, *same],
        check=True, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": str(args.threads), "OPENBLAS_NUM_THREADS": "1"})
    return int(done.stdout.split()[-1])


def peak_so_far() -> int:
    """Bytes, of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the process that started this one, too
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # of macOS, in bytes


def step(args: argparse.Namespace) -> None:
    """A few training steps of one side."""
    side, threads = args.side, args.threads
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2
    from caffepy.services.bench import sides
    from caffepy.services.bench.nets import SEED, fill_inputs, synthetic
    from caffepy.services.bench.side import DECAY, MOMENTUM, RATE
    from caffepy.solvers.solver import Solver

    param = synthetic(args.nets[0], args.batch, args.size, args.channels, False)
    context = Context("cpu", seed=SEED, threads=threads)
    if side in ("caffepy", "readable"):
        solver = Solver(caffe_pb2.SolverParameter(
            net_param=param, base_lr=RATE, lr_policy="fixed", momentum=MOMENTUM,
            weight_decay=DECAY, random_seed=SEED, snapshot_after_train=False,
        ), context=context, optimize=side == "caffepy")
        fill_inputs(solver.net, 10)
        solver.step(STEPS)
        return
    import torch

    from caffepy.services.bench.torch_net import TorchNet

    torch.set_num_threads(threads)
    net = Net(param, caffe_pb2.TRAIN, context=context)
    fill_inputs(net, 10)
    twin = TorchNet(net, side.endswith("channels-last"))
    for blob in (blob for layer in net.layers for blob in layer.blobs):
        blob.reshape(0)
        blob.values.memory.let_go()
    del net
    act = sides.training(torch, twin)
    for _ in range(STEPS):
        act()


if __name__ == "__main__":
    sys.exit(main())
