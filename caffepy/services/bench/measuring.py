"""A net's step, side by side with other frameworks."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from caffepy.errors import ConfigError, did_you_mean
from caffepy.services.bench.side import WAYS, Side

WARM = {False: 1, True: 8}  # steps before timing; on a GPU graphs are captured meanwhile
MOST_STEPS = {False: 100, True: 2000}  # in a round


def measure(path: str, batch: int = 0, size: int = 0, channels: int = 3, classes: int = 10,
            forward: bool = False, rounds: int = 5, iterations: int = 0, threads: int = 1,
            gpu: int | None = None, ways: Sequence[str] = WAYS,
            precision: str | None = None, neighbours: int = 0) -> dict[str, Any]:
    """Time all sides that are installed; returns the net's name and milliseconds by side.

    Args:
        neighbours: how many other processes keep the machine busy meanwhile.

    Raises:
        ConfigError: two sides disagree on the loss or a gradient.
    """
    from caffepy.core.precision import STORED
    from caffepy.services.bench.contenders import contenders
    from caffepy.services.bench.neighbours import busy
    from caffepy.services.bench.nets import synthetic
    from caffepy.services.bench.sides import device_name

    param = synthetic(path, batch, size, channels, forward)
    against: dict[str, Side] = contenders(
        param, path, classes, forward, threads, gpu, ways, precision)
    times: dict[str, list[float]] = {name: [] for name in against}
    with busy(neighbours):
        steps = {name: iterations or steps_in_a_second(side, gpu is not None)
                 for name, side in against.items()}
        for _ in range(rounds):
            for name, side in against.items():
                times[name].append(1e3 * seconds(side, steps[name]) / steps[name])
    return {
        "net": param.name or Path(path).stem,
        "what": "forward" if forward else "train step",
        "threads": threads,
        "busy": neighbours,
        "device": "cpu" if gpu is None else device_name(
            gpu, precision or STORED[param.default_forward_type]),
        "precision": precision or STORED[param.default_forward_type],
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


def table(found: dict[str, Any]) -> str:
    """Medians, spread, and how many times as fast as each other side caffepy is."""
    ours = found["median"]["caffepy"]
    where = f"{found['threads']} threads" if found["device"] == "cpu" else found["device"]
    if found["device"] == "cpu" and found["precision"] != "float32":
        where += f", {found['precision']}"
    beside = f", beside {found['busy']} busy processes" if found["busy"] else ""
    lines = [f"{found['net']}, {found['what']}, {where}{beside}",
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
