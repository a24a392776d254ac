"""The lines of a training's log, glog's or measurements, one after the other.

``GlogLines`` and ``MeasuredLines`` take a line at a time and put what it says into a Log, so that a
file may be read whole (``log_reading.read``) or while it grows (``caffepy board``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, float]

# nothing that looks like a number may follow: two threads' lines may lie across each other
NUMBER = r"([-+]?(?:nan|inf|(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)(?!\.?\d))"
TESTING = re.compile(r"Testing net \(#(\d{1,9})\)")
ITERATION = re.compile(r"Iteration (\d{1,18})")
RATE = re.compile(rf"Iteration \d+.*\blr = {NUMBER}", re.IGNORECASE)
SPEED = re.compile(rf"Iteration \d+ \({NUMBER} iter/s")
SMOOTHED = re.compile(rf"Iteration \d+.*\bloss = {NUMBER}", re.IGNORECASE)
OUTPUT = re.compile(
    rf"(Train|Test) net output #(\d{{1,9}}): (.+?) = {NUMBER}(\s+\(\* {NUMBER} = )?", re.IGNORECASE)
CLASS = re.compile(rf"\] class(\d{{1,9}}): {NUMBER}\s*$", re.IGNORECASE)  # SSD's, before outputs
SCORE = re.compile(rf"Test score #(\d{{1,9}}): {NUMBER}", re.IGNORECASE)
OF_CLASS = re.compile(r"class\d+(\[\d+\])?")  # a column of the table
KEYS = ("NumIters", "Seconds", "LearningRate")


@dataclass
class Log:
    """What a log says.

    Attributes:
        train, test: the rows.
        nets: for each row of ``test`` the number of its test net.
        total: rows with the one ``loss`` of the iteration, the weighted sum of its outputs.
        smoothed: rows with the one ``loss`` of the Iteration lines, averaged over average_loss.
        rates: a row for each logged learning rate, at its own iteration.
        speeds: rows with the ``speed`` of displays, in iterations a second.
        starts: the start lines of measurements that count.
        weights: how much outputs count in the loss, by name.
    """

    train: list[Row] = field(default_factory=list)
    test: list[Row] = field(default_factory=list)
    nets: list[int] = field(default_factory=list)
    total: list[Row] = field(default_factory=list)
    smoothed: list[Row] = field(default_factory=list)
    rates: list[Row] = field(default_factory=list)
    speeds: list[Row] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def losses(self) -> set[str]:
        """The names of outputs that have a weight in the loss."""
        return set(self.weights)

    def is_loss(self, column: str) -> bool:
        """Whether a column is a loss: by its weight, or else by its name without its branch's,
        since loss3/top-1 is none."""
        return (column.partition("[")[0] in self.weights
                or "loss" in column.rpartition("/")[2].lower())


class _Table:
    """Rows that grow output by output."""

    def __init__(self, rows: list[Row], nets: list[int]) -> None:
        self.rows = rows
        self.nets = nets
        self.last = -1  # index of the output added last

    def add(self, head: Row, index: int, name: str, value: float, net: int = 0) -> None:
        # outputs are numbered from 0 in each display or test
        if not self.rows or index <= self.last or self.rows[-1][KEYS[0]] != head[KEYS[0]]:
            self.rows.append(dict(head))
            self.nets.append(net)
        self.last = index
        self.more(name, value)

    def more(self, name: str, value: float) -> None:
        """Add to the last row."""
        row = self.rows[-1]
        same = sum(key == name or key.startswith(f"{name}[") for key in row)
        row[f"{name}[{same}]" if same else name] = value


class GlogLines:
    """What lines of glog say.

    Args:
        start: from when the rows' seconds are counted.

    Attributes:
        log: what has been said so far; of a display or test that is just being written the row may
            still grow. Rows but the last may be taken out.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.log = Log()
        self._train = _Table(self.log.train, [])
        self._test = _Table(self.log.test, self.log.nets)
        self._head: Row = {}
        self._rate = math.nan
        self._net = 0
        self._classes: list[tuple[str, float]] = []

    def add(self, line: str, time: datetime) -> None:
        """A line, and when it was written."""
        if "Iteration" in line:
            self._iteration(line, time)
        if not self._head:  # the log's beginning is lost
            return
        self._head[KEYS[1]] = (time - self.start).total_seconds()
        # plain words first: patterns cost ten times as much, and logs are long
        if "net output #" in line:
            output = OUTPUT.search(line)
            if output:
                self._output(output)
        elif "Testing net" in line:
            testing = TESTING.search(line)
            if testing:
                self._net, self._classes = int(testing[1]), []
        elif "] class" in line:
            of_class = CLASS.search(line)
            if of_class:
                self._classes.append((f"class{of_class[1]}", float(of_class[2])))
        elif "Test score #" in line:
            score = SCORE.search(line)
            if score:
                self._test.add(self._head, int(score[1]), f"score{score[1]}", float(score[2]),
                               self._net)

    def _iteration(self, line: str, time: datetime) -> None:
        iteration = ITERATION.search(line)
        if iteration is None:
            return
        learning_rate = RATE.search(line) if "lr = " in line else None
        if learning_rate:
            self._rate = float(learning_rate[1])
        self._head = {KEYS[0]: float(iteration[1]),
                      KEYS[1]: (time - self.start).total_seconds(), KEYS[2]: self._rate}
        if learning_rate:
            self.log.rates.append(dict(self._head))
        speed = SPEED.search(line) if " iter/s" in line else None
        if speed:
            self.log.speeds.append({**self._head, "speed": float(speed[1])})
        smoothed = SMOOTHED.search(line) if "loss = " in line else None
        if smoothed:
            self.log.smoothed.append({**self._head, "loss": float(smoothed[1])})

    def _output(self, output: re.Match[str]) -> None:
        phase, index, name, value, weighted, weight = output.groups()
        if phase.lower() == "test":
            self._test.add(self._head, int(index), name, float(value), self._net)
            for class_name, class_value in self._classes:
                self._test.more(class_name, class_value)
            self._classes = []
        else:
            self._train.add(self._head, int(index), name, float(value))
        if weighted:
            self.log.weights[name] = float(weight)


def total(row: Row, weights: dict[str, float]) -> Row:
    """The loss that a row's outputs add up to."""
    parts = ((value, weights.get(name.partition("[")[0])) for name, value in row.items())
    loss = sum(value * weight for value, weight in parts if weight is not None)
    return {**{key: row[key] for key in KEYS}, "loss": loss}


class MeasuredLines:
    """What the lines of a .jsonl say (solvers.measurements). A start line takes back what lines
    before it said of its iteration and later ones.

    Attributes:
        log: what counts so far. Rows may be taken out.
    """

    def __init__(self) -> None:
        self.log = Log()
        self._rate = math.nan

    def add(self, line: dict[str, Any]) -> None:
        """A line as ``measurements.parsed`` gives it."""
        result = self.log
        if line["type"] == "start":
            self._begin(line)
            return
        self._rate = _number(line["lr"]) if "lr" in line else self._rate
        row = {KEYS[0]: float(line["iter"]), KEYS[1]: float(line["seconds"]), KEYS[2]: self._rate}
        if line["type"] == "train":
            result.smoothed.append({**row, "loss": _number(line.get("smoothed_loss"))})
            result.total.append({**row, "loss": _number(line.get("loss"))})
            if "lr" in line:
                result.rates.append(dict(row))
            if "iters_per_second" in line:
                result.speeds.append({**row, "speed": _number(line["iters_per_second"])})
            result.train.append(row)
        else:
            result.test.append(row)
            net = line.get("net")
            result.nets.append(net if isinstance(net, int) else 0)
        for name, values in line["outputs"].items():
            for index, value in enumerate(values if isinstance(values, list) else [values]):
                row[f"{name}[{index}]" if index else name] = _number(value)
        weights = line.get("weights")
        if isinstance(weights, dict):
            result.weights.update((name, _number(weight)) for name, weight in weights.items())

    def _begin(self, line: dict[str, Any]) -> None:
        log, first = self.log, line["iter"]
        log.nets[:] = [net for net, row in zip(log.nets, log.test, strict=True)
                       if row[KEYS[0]] < first]
        for rows in (log.train, log.test, log.total, log.smoothed, log.rates, log.speeds):
            rows[:] = [row for row in rows if row[KEYS[0]] < first]
        log.starts[:] = [old for old in log.starts if old["iter"] < first]
        log.starts.append(line)
        self._rate = log.rates[-1][KEYS[2]] if log.rates else math.nan


def _number(value: object) -> float:
    """A measured number; null, and what no float holds, is none."""
    try:
        return float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        return math.nan
