"""What tests of the board share: a board without a server, runs, a page in a browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caffepy.board.application import Application

HOST = "localhost:5000"


@dataclass
class Asked:
    """A board that is asked without a server; ``get`` takes an address below the token."""

    application: Application

    def get(self, path: str, **query: Any) -> Any:
        return self.open("GET", path, query_string=query)

    def post(self, path: str, **sent: Any) -> Any:
        return self.open("POST", path, data=sent)

    def open(self, method: str, path: str, **more: Any) -> Any:
        from werkzeug.test import Client

        more.setdefault("headers", {"Host": HOST})
        return Client(self.application).open(
            self.application.prefix + path, method=method, buffered=True, **more)


@dataclass
class Opened:
    """A page in the browser, and what went wrong in it."""

    page: Any
    troubles: list[str] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)


def measured(path: Path, count: int = 20, *, loss: float = 2.0, max_iter: int = 1000,
             lr: float = 0.01, start: int = 0, more: str = "", **about: Any) -> Path:
    """A .jsonl of a training: a display each 10 iterations and second, a test each 50."""
    param = f'base_lr: {lr}\nmax_iter: {max_iter}\nnet: "net.prototxt"\n{more}'
    lines: list[dict[str, Any]] = [{
        "type": "start", "format": 1, "iter": start, "seconds": float(start) / 10, "net": "Small",
        "images": 8, "param": param, **about}]
    for i in range(count):
        iteration = start + 10 * i
        value = loss / (1 + i)
        if i % 5 == 0:
            lines.append({"type": "test", "iter": iteration, "seconds": iteration / 10, "net": 0,
                          "outputs": {"accuracy": 1 - value / 4, "loss": value},
                          "weights": {"loss": 1.0}})
        lines.append({"type": "train", "iter": iteration, "seconds": iteration / 10 + 0.5,
                      "loss": value, "smoothed_loss": value, "lr": lr, "iters_per_second": 10.0,
                      "outputs": {"loss": value}, "weights": {"loss": 1.0}})
    with open(path, "a") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))
    return path


def until(what: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so. (A browser's own waiting evaluates words, which pages forbid.)"""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
