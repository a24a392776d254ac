"""bench: a net's training step and forward pass, side by side with PyTorch, OpenCV's DNN, ONNX
Runtime and OpenVINO, where they are installed.

    caffepy bench models/lenet/lenet_train_test.prototxt -batch 64
    caffepy bench net.prototxt -forward -rounds 7 -json result.json
    caffepy bench net.prototxt -busy 4
    caffepy bench models/googlenet/train_val.prototxt -batch 128 -gpu 0 -precision float16

Data layers are replaced by Input layers with random pictures and labels. Before anything is
timed, both sides must agree on the loss and on every gradient. Then they take turns, so that a
machine whose speed drifts slows all of them alike; medians and their ratios are printed.
"""

from __future__ import annotations

import os

import click

from caffepy import cores, log
from caffepy.cli import flags, gflags
from caffepy.services.bench.measuring import WAYS, measure, read_ways, table, write_json


@gflags.command("bench", help="Time a net beside other frameworks, in turn.")
@click.argument("net")
@gflags.flag("batch", int, 0, "Batch size; 0 takes the prototxt's.")
@gflags.flag("size", int, 0, "Height and width of the pictures; 0 takes crop_size or the Input's.")
@gflags.flag("channels", int, 3, "Channels of pictures that come from a data layer.")
@gflags.flag("classes", int, 10, "Labels are drawn below this.")
@gflags.flag("forward", bool, False, "Time the forward pass in the TEST phase, not training.")
@gflags.flag("rounds", int, 5, "Rounds, each of which times every side once.")
@gflags.flag("iterations", int, 0, "Steps in a round; 0 fills about a second.")
@gflags.flag("threads", int, 0, "Threads of each side; 0 takes the cores there are.")
@gflags.flag("gpu", int, -1, "The GPU that all sides run on; without it the CPU.")
@gflags.flag("precision", gflags.Choice(*flags.PRECISIONS), None,
             "What activations are stored as; PyTorch's by torch.autocast.")
@gflags.flag("ways", str, ",".join(WAYS), "How PyTorch runs on a GPU, separated by commas.")
@gflags.flag("busy", int, 0, "Processes that keep the machine busy meanwhile.")
@gflags.flag("json", str, "", "Also write the numbers to this file.")
def main(net: str, batch: int, size: int, channels: int, classes: int, forward: bool, rounds: int,
         iterations: int, threads: int, gpu: int, precision: str | None, ways: str,
         busy: int, json: str) -> None:
    threads = threads or cores.usable()
    # two pools of threads that wait by spinning would steal each other's cores
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    log.init(log.glog_level(1))
    found = measure(net, batch, size, channels, classes, forward, rounds, iterations, threads,
                    gpu if gpu >= 0 else None, read_ways(ways), precision, busy)
    click.echo(table(found))
    if json:
        write_json(json, found)


if __name__ == "__main__":
    main()
