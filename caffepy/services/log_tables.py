"""A log as the two tables of parse_log.sh: columns of blanks, for gnuplot.

    #Iters  Seconds  TestAccuracy  TestLoss            <log>.test
    #Iters  Seconds  TrainingLoss  LearningRate        <log>.train

TestAccuracy is the first output that is no loss and TestLoss the first that is one, of the first
test net; TrainingLoss is the averaged one of the Iteration lines. What a log lacks is nan.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from caffepy.columns import columns
from caffepy.proto.files import atomic_write

if TYPE_CHECKING:
    from caffepy.services.log_reading import Log

TEST = ("#Iters", "Seconds", "TestAccuracy", "TestLoss")
TRAIN = ("#Iters", "Seconds", "TrainingLoss", "LearningRate")
GAP = "  "  # as column -t leaves


def save(log: Log, logfile_path: str, output_dir: str) -> list[str]:
    """Write <log's name>.train and <log's name>.test into a folder; returns their names."""
    base = os.path.join(output_dir, os.path.basename(logfile_path))
    written = []
    for ending, table in (("train", train_table(log)), ("test", test_table(log))):
        with atomic_write(f"{base}.{ending}") as file:
            file.write(table.encode())
        written.append(f"{base}.{ending}")
    return written


def test_table(log: Log) -> str:
    """The table of testing."""
    keys = ("NumIters", "Seconds", "LearningRate")
    rows = []
    first = min(log.nets, default=0)
    for row, net in zip(log.test, log.nets, strict=True):
        if net != first:
            continue
        outputs = [(log.is_loss(name), value) for name, value in row.items() if name not in keys]
        accuracy = next((value for loss, value in outputs if not loss), math.nan)
        loss = next((value for loss, value in outputs if loss), math.nan)
        rows.append((row["NumIters"], row["Seconds"], accuracy, loss))
    return aligned(TEST, rows)


def train_table(log: Log) -> str:
    """The table of training."""
    rates = {row["NumIters"]: row["LearningRate"] for row in log.rates}
    return aligned(TRAIN, [
        (row["NumIters"], row["Seconds"], row["loss"], rates.get(row["NumIters"], math.nan))
        for row in log.smoothed])


def aligned(titles: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """Titles and rows, each column as wide as its widest."""
    cells = [list(titles)]
    for iteration, seconds, *values in rows:
        cells.append([f"{iteration:.0f}", f"{seconds:f}", *(f"{value:g}" for value in values)])
    return "".join(f"{line}\n" for line in columns(cells, gap=GAP))
