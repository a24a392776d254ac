"""What a training measures, as TensorBoard's event files. Needs tensorboardX.

The lines are those of the .jsonl file (solvers.measurements), at the same times. A training that
begins at an iteration supersedes what older files of the folder say of it and of later ones, which
TensorBoard knows as a purge.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from caffepy.errors import DataError, NotFound
from caffepy.solvers.measurements import Line

NUMBERS = ("loss", "smoothed_loss", "lr", "iters_per_second")  # of a train line


def check(folder: str) -> None:
    """Before a training: can it be written?

    Raises:
        NotFound: tensorboardX is not installed. DataError: there can be no such folder.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        raise NotFound("-tensorboard needs tensorboardX, which is not installed",
                       fix="Run 'pip install \"caffepy[tensorboard]\"'.")
    try:
        os.makedirs(folder, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise DataError(f"TensorBoard's files cannot be written: {error.strerror}",
                        where=folder) from error
    if not writable:
        raise DataError("TensorBoard's files cannot be written there", where=folder)


@contextmanager
def writing(folder: str) -> Iterator[Callable[[Line], None]]:
    """While the block runs: what takes measurements and writes them into a folder."""
    board = Board(folder)
    try:
        yield board.take
    finally:
        board.close()


class Board:
    """The event file of one training."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._writer: Any = None

    def take(self, line: Line) -> None:
        """Write a line's numbers, under the iteration as step; what is no number is left out."""
        step = line["iter"]
        if line["type"] == "start":
            from tensorboardX import SummaryWriter

            # its names tell seconds apart, and a second run may follow at once
            self._writer = SummaryWriter(self.folder, purge_step=step, flush_secs=10,
                                         filename_suffix=f".{os.getpid()}.{step}")
            return
        for tag, value in scalars(line):
            self._writer.add_scalar(tag, value, step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def scalars(line: Line) -> Iterator[tuple[str, float]]:
    """The name and value of each number of a train or test line; of a list each one's."""
    group = "train"
    if line["type"] == "test":
        group = f"test{line['net'] or ''}"
    found = {name: line[name] for name in NUMBERS if name in line}
    for name, value in {**line["outputs"], **found}.items():
        for index, one in enumerate(value if isinstance(value, list) else [value]):
            if one is not None:
                yield f"{group}/{name}" + (f"/{index}" if isinstance(value, list) else ""), one
