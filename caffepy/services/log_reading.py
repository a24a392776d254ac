"""A training log as tables."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from caffepy.errors import DataError, NotFound
from caffepy.proto.files import atomic_write, file_error
from caffepy.services import log_seconds
from caffepy.solvers import measurements

Row = dict[str, float]

# nothing that looks like a number may follow: two threads' lines may lie across each other
NUMBER = r"([-+]?(?:nan|inf|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?!\.?\d))"
TESTING = re.compile(r"Testing net \(#(\d{1,9})\)")
ITERATION = re.compile(r"Iteration (\d+)")
RATE = re.compile(rf"Iteration \d+.*\blr = {NUMBER}", re.IGNORECASE)
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
        weights: how much outputs count in the loss, by name.
    """

    train: list[Row] = field(default_factory=list)
    test: list[Row] = field(default_factory=list)
    nets: list[int] = field(default_factory=list)
    total: list[Row] = field(default_factory=list)
    smoothed: list[Row] = field(default_factory=list)
    rates: list[Row] = field(default_factory=list)
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

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.nets: list[int] = []
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


def read(path: str | os.PathLike[str]) -> Log:
    """All that a log says.

    Raises:
        NotFound: no such file. DataError: it cannot be read, or is no log.
    """
    found = _measured(path) or _logged(path)
    for rows in (found.train, found.test, found.smoothed):
        fix_initial_nan_learning_rate(rows)
    return found


def _logged(path: str | os.PathLike[str]) -> Log:
    """What the lines of glog say."""
    lines = log_seconds.read_lines(path)
    pairs = list(log_seconds.timed(lines, log_seconds.get_log_created_year(path, lines)))
    start = log_seconds.get_start_time(pairs)
    if start is None:
        raise DataError("no line begins as a log line", where=os.fspath(path),
                        allowed="I1122 16:29:33.283150 PID file:line] text")
    result = Log()
    train, test = _Table(), _Table()
    head: Row = {}
    rate, net = math.nan, 0
    classes: list[tuple[str, float]] = []
    for line, time in pairs:
        iteration = ITERATION.search(line)
        if iteration:
            head = {KEYS[0]: float(iteration[1])}
        if not head:  # the log's beginning is lost
            continue
        learning_rate = RATE.search(line)
        if learning_rate:
            rate = float(learning_rate[1])
        head = {KEYS[0]: head[KEYS[0]], KEYS[1]: (time - start).total_seconds(), KEYS[2]: rate}
        if learning_rate:
            result.rates.append(dict(head))
        testing = TESTING.search(line)
        if testing:
            net, classes = int(testing[1]), []
        of_class = CLASS.search(line)
        if of_class:
            classes.append((f"class{of_class[1]}", float(of_class[2])))
        smoothed = SMOOTHED.search(line)
        if smoothed:
            result.smoothed.append({**head, "loss": float(smoothed[1])})
        output, score = OUTPUT.search(line), SCORE.search(line)
        if output:
            phase, index, name, value, weighted, weight = output.groups()
            if phase.lower() == "test":
                test.add(head, int(index), name, float(value), net)
                for class_name, class_value in classes:
                    test.more(class_name, class_value)
                classes = []
            else:
                train.add(head, int(index), name, float(value))
            if weighted:
                result.weights[name] = float(weight)
        elif score:
            test.add(head, int(score[1]), f"score{score[1]}", float(score[2]), net)
    # versions before "Train net output" have nothing else to say of training
    result.train = train.rows or [dict(row) for row in result.smoothed]
    result.test, result.nets = test.rows, test.nets
    result.total = [_total(row, result.weights) for row in train.rows] or result.smoothed
    return result


def _total(row: Row, weights: dict[str, float]) -> Row:
    """The loss that a row's outputs add up to."""
    parts = ((value, weights.get(name.partition("[")[0])) for name, value in row.items())
    loss = sum(value * weight for value, weight in parts if weight is not None)
    return {**{key: row[key] for key in KEYS}, "loss": loss}


def _measured(path: str | os.PathLike[str]) -> Log | None:
    """What a .jsonl of measurements says; None if the file is none."""
    try:
        with open(path, "rb") as file:
            if not file.read(2).startswith(b'{"'):
                return None
        lines = measurements.read(path)
    except OSError as error:
        raise file_error(error, path, "read") from error
    result = Log()
    rate = math.nan
    for line in lines:
        row = {KEYS[0]: float(line["iter"]), KEYS[1]: float(line["seconds"])}
        rate = _number(line["lr"]) if "lr" in line else rate
        row[KEYS[2]] = rate
        if line["type"] == "start":
            continue
        if line["type"] == "train":
            result.smoothed.append({**row, "loss": _number(line.get("smoothed_loss"))})
            result.total.append({**row, "loss": _number(line.get("loss"))})
            if "lr" in line:
                result.rates.append(dict(row))
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
    return result


def _number(value: object) -> float:
    """A measured number; null is what is none."""
    return float(value) if isinstance(value, (int, float)) else math.nan


def parse_log(path_to_log: str | os.PathLike[str]) -> tuple[list[Row], list[Row]]:
    """The rows of training and of testing; the original's function.

    Raises: as ``read``.
    """
    found = read(path_to_log)
    return found.train, found.test


def fix_initial_nan_learning_rate(dict_list: list[Row]) -> None:
    """No rate is logged before the first row: it takes the second row's."""
    if len(dict_list) > 1 and math.isnan(dict_list[0][KEYS[2]]):
        dict_list[0][KEYS[2]] = dict_list[1][KEYS[2]]


def columns(rows: Sequence[Row]) -> list[str]:
    """The names in the rows, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def save_csv_files(
    logfile_path: str, output_dir: str, train_dict_list: list[Row], test_dict_list: list[Row],
    delimiter: str = ",", verbose: bool = False,
) -> None:
    """Write <log's name>.train and <log's name>.test into the folder.

    Raises:
        NotFound: no such folder. DataError: a file cannot be written.
    """
    check_folder(output_dir)
    base = os.path.join(output_dir, os.path.basename(logfile_path))
    write_csv(f"{base}.train", train_dict_list, delimiter, verbose)
    write_csv(f"{base}.test", test_dict_list, delimiter, verbose)


def check_folder(path: str) -> None:
    """Raise NotFound unless there is such a folder."""
    if not os.path.isdir(path):
        raise NotFound("there is no such folder", where=path, fix="Make it.")


def write_csv(
    output_filename: str, dict_list: list[Row], delimiter: str = ",", verbose: bool = False
) -> None:
    """Write rows as a table with a heading; no file if there are none."""
    if not dict_list:
        if verbose:
            print(f"Not writing {output_filename}; no lines to write")
        return
    content = io.StringIO()
    writer = csv.DictWriter(content, fieldnames=columns(dict_list), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(dict_list)
    with atomic_write(output_filename) as file:
        file.write(content.getvalue().encode())
    if verbose:
        print(f"Wrote {output_filename}")
