"""bench: a net's training step and forward pass, side by side with PyTorch and OpenCV's DNN.

    caffepy bench models/lenet/lenet_train_test.prototxt -batch 64
    caffepy bench net.prototxt -forward -rounds 7 -json result.json
    caffepy bench models/googlenet/train_val.prototxt -batch 128 -gpu 0 -precision float16

Data layers are replaced by Input layers with random pictures and labels. Before anything is
timed, both sides must agree on the loss and on every gradient. Then they take turns, so that a
machine whose speed drifts slows all of them alike; medians and their ratios are printed.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import click

from caffepy import cores, log
from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError, did_you_mean

Action = Callable[[], object]


class Side(NamedTuple):
    """Who is timed: ``act`` does one step; ``finish`` waits until all that was begun is done."""

    act: Action
    finish: Action = lambda: None


WAYS = ("eager", "graph", "compiled")  # of PyTorch on a GPU
WARM = {False: 1, True: 8}  # steps before timing; on a GPU graphs are captured meanwhile
MOST_STEPS = {False: 100, True: 2000}  # in a round
AGREEMENT = 1e-4  # of losses and outputs, before anything is timed
RATE, MOMENTUM, DECAY = 1e-4, 0.9, 5e-4  # the update rule of both sides


@gflags.command("bench", help="Time a net beside PyTorch and OpenCV, in turn.")
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
             "With -gpu: what activations are stored as; PyTorch's by torch.autocast.")
@gflags.flag("ways", str, ",".join(WAYS), "How PyTorch runs on a GPU, separated by commas.")
@gflags.flag("json", str, "", "Also write the numbers to this file.")
def main(net: str, batch: int, size: int, channels: int, classes: int, forward: bool, rounds: int,
         iterations: int, threads: int, gpu: int, precision: str | None, ways: str,
         json: str) -> None:
    threads = threads or cores.usable()
    # two pools of threads that wait by spinning would steal each other's cores
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    log.init(log.glog_level(1))
    found = measure(net, batch, size, channels, classes, forward, rounds, iterations, threads,
                    gpu if gpu >= 0 else None, read_ways(ways), precision)
    click.echo(table(found))
    if json:
        write_json(json, found)


def measure(path: str, batch: int = 0, size: int = 0, channels: int = 3, classes: int = 10,
            forward: bool = False, rounds: int = 5, iterations: int = 0, threads: int = 1,
            gpu: int | None = None, ways: Sequence[str] = WAYS,
            precision: str | None = None) -> dict[str, Any]:
    """Time all sides that are installed; returns the net's name and milliseconds by side.

    Raises:
        ConfigError: two sides disagree on the loss or a gradient.
    """
    from caffepy.core.precision import STORED
    from caffepy.tools import _bench_sides as sides

    param = synthetic(path, batch, size, channels, forward)
    contenders: dict[str, Side] = sides.contenders(
        param, path, classes, forward, threads, gpu, ways, precision)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    steps = {name: iterations or steps_in_a_second(side, gpu is not None)
             for name, side in contenders.items()}
    for _ in range(rounds):
        for name, side in contenders.items():
            times[name].append(1e3 * seconds(side, steps[name]) / steps[name])
    return {
        "net": param.name or Path(path).stem,
        "what": "forward" if forward else "train step",
        "threads": threads,
        "device": "cpu" if gpu is None else sides.device_name(
            gpu, precision or STORED[param.default_forward_type]),
        "milliseconds": times,
        "median": {name: statistics.median(values) for name, values in times.items()},
    }


def read_ways(text: str) -> list[str]:
    """The words of -ways.

    Raises:
        ConfigError: one is unknown.
    """
    ways = [word.strip() for word in text.split(",") if word.strip()]
    for word in ways:
        if word not in WAYS:
            raise ConfigError("PyTorch does not run that way", where="flag 'ways'", found=word,
                              allowed=", ".join(WAYS), fix=did_you_mean(word, WAYS))
    return ways


def seconds(side: Side, steps: int) -> float:
    """How long so many steps take, from nothing under way to nothing under way."""
    side.finish()
    start = perf_counter()
    for _ in range(steps):
        side.act()
    side.finish()
    return perf_counter() - start


def steps_in_a_second(side: Side, on_gpu: bool) -> int:
    """How often the side acts in about a second, warm."""
    seconds(side, WARM[on_gpu])
    few = WARM[on_gpu]
    return max(1, min(MOST_STEPS[on_gpu], round(few / max(seconds(side, few), 1e-6))))


def synthetic(path: str, batch: int, size: int, channels: int, forward: bool) -> Any:
    """The net with an Input layer in place of each data layer of its phase."""
    from caffepy.core import graph, traits
    from caffepy.core.upgrade import read_net_param
    from caffepy.proto import caffe_pb2

    param, _ = read_net_param(path)
    phase = caffe_pb2.TEST if forward else caffe_pb2.TRAIN
    kept = caffe_pb2.NetParameter()
    kept.CopyFrom(param)
    del kept.layer[:]
    for layer in param.layer:
        kind = traits.of(layer)
        if not (kind.waits or kind.batch_size(layer)):
            kept.layer.add().CopyFrom(layer)
        elif not layer.include or any(rule.phase == phase for rule in layer.include):
            shapes = input_shapes(layer, batch, size, channels)
            kept.layer.append(graph.input_layer(layer.name, layer.top, shapes))
    return kept


def input_shapes(layer: Any, batch: int, size: int, channels: int) -> list[list[int]]:
    """The shapes of a data layer's tops, at the batch size that was asked for."""
    from caffepy.core import traits

    kind = traits.of(layer)
    if kind.waits:
        shapes = [list(shape.dim) for shape in layer.input_param.shape]
        return [[batch or shape[0], *shape[1:]] for shape in shapes]
    side = size or layer.transform_param.crop_size
    if not side:
        raise ConfigError("the prototxt does not say how large the pictures are",
                          where=f"layer '{layer.name}'", fix="Give -size.")
    count = batch or kind.batch_size(layer) or 1
    return [[count, channels, side, side], [count]][: len(layer.top)]


def table(found: dict[str, Any]) -> str:
    """Medians, spread, and how many times as fast as each other side caffepy is."""
    ours = found["median"]["caffepy"]
    where = f"{found['threads']} threads" if found["device"] == "cpu" else found["device"]
    lines = [f"{found['net']}, {found['what']}, {where}",
             f"{'':24}{'median ms':>10}{'least':>9}{'most':>9}{'caffepy is':>13}"]
    for name, values in found["milliseconds"].items():
        median = found["median"][name]
        times = "" if name == "caffepy" else f"{median / ours:.2f} x"
        lines.append(f"{name:24}{median:10.2f}{min(values):9.2f}{max(values):9.2f}{times:>13}")
    return "\n".join(lines)


def write_json(path: str, found: dict[str, Any]) -> None:
    """The numbers for other programs."""
    from caffepy.proto.files import atomic_write

    with atomic_write(path) as file:
        file.write((json.dumps(found, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
