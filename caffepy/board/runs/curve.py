"""Curves as they are kept: three rows of numbers each, which cost 24 bytes a point."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, NamedTuple

from caffepy.services.log_lines import KEYS, Log, Row, total

ITERATION, SECONDS, RATE = KEYS
Array = Any


class Key(NamedTuple):
    """Which curve.

    Attributes:
        phase: "train" or "test"; "total" and "smoothed" for the whole loss of a training, as it
            was measured and over average_loss; "rate", "speed" (iterations a second).
        name: the output.
        net: the number of the test net.
    """

    phase: str
    name: str = ""
    net: int = 0


class Curve:
    """Iterations, seconds and values, in the order of the iterations."""

    def __init__(self) -> None:
        self.iterations, self.seconds, self.values = array("d"), array("d"), array("d")

    def __len__(self) -> int:
        return len(self.values)

    def add(self, iteration: float, seconds: float, value: float) -> None:
        """A point. Where a resumed training goes over iterations anew, the later values count."""
        if self.iterations and iteration <= self.iterations[-1]:
            self.cut(iteration)
        self.iterations.append(iteration)
        self.seconds.append(seconds)
        self.values.append(value)

    def cut(self, iteration: float) -> None:
        """Take back what was said of an iteration and later ones."""
        count = len(self.iterations)
        while count and self.iterations[count - 1] >= iteration:
            count -= 1
        for row in (self.iterations, self.seconds, self.values):
            del row[count:]

    def arrays(self) -> tuple[Array, Array, Array]:
        """Copies, float64."""
        import numpy as np  # late: the board shall be there at once

        return np.array(self.iterations), np.array(self.seconds), np.array(self.values)


class Curves(dict[Key, Curve]):
    """All curves of a run, in the order in which they were first seen."""

    def point(self, key: Key, row: Row, value: float) -> None:
        if key not in self:
            self[key] = Curve()
        self[key].add(row[ITERATION], row[SECONDS], value)

    def cut(self, iteration: float) -> None:
        """Take back what was said of an iteration and later ones."""
        for curve in self.values():
            curve.cut(iteration)

    def take(self, log: Log, growing: bool = False) -> None:
        """Move the rows of a log here.

        Args:
            growing: the last row of ``train`` and of ``test`` may still grow, as those of glog's
                lines do: it stays in the log as well, and counts anew the next time.
        """
        own = [(log.smoothed, Key("smoothed"), "loss"), (log.total, Key("total"), "loss"),
               (log.rates, Key("rate"), RATE), (log.speeds, Key("speed"), "speed")]
        for rows, key, column in own:
            for row in rows:
                self.point(key, row, row[column])
            rows.clear()
        for row in log.train:
            if growing and any(name.partition("[")[0] in log.weights for name in row):
                self.point(Key("total"), row, total(row, log.weights)["loss"])
            self._outputs("train", row, 0)
        for row, net in zip(log.test, log.nets, strict=True):
            self._outputs("test", row, net)
        for taken in (log.train, log.test, log.nets):
            del taken[: len(taken) - growing]

    def _outputs(self, phase: str, row: Row, net: int) -> None:
        for name, value in row.items():
            if name not in KEYS:
                self.point(Key(phase, name, net), row, value)

    def phase(self, *phases: str) -> Iterable[tuple[Key, Curve]]:
        """The curves of these phases that have points."""
        return [(key, curve) for key, curve in self.items() if key.phase in phases and len(curve)]

