"""One training, followed in its log or measurements."""

from __future__ import annotations

import os
import re
import threading
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from caffepy.board.runs.curve import Curves
from caffepy.board.runs.tail import Tail
from caffepy.services.log_lines import GlogLines, MeasuredLines
from caffepy.services.log_seconds import CREATED, STAMP, STARTED, Clock
from caffepy.solvers import measurements

MOST_TEXT = 1 << 20  # characters of a solver or net that a log prints
MOST_LINE = 4096     # of a line that is looked through: patterns take its square at worst
SPEAKING = re.compile(r"Iteration|net output #|Test score #|Testing net|\] class\d")
SOLVER_TEXT = "Initializing solver from parameters:"
NET_TEXT = "Initializing net from parameters:"
SNAPSHOT = re.compile(r"Snapshotting to (?:binary proto|HDF5) file (.+?)\s*$")
DONE = "Optimization Done"


class Run:
    """What a file of a training says so far; several threads may ask.

    Args:
        name: on the shelf.

    Attributes:
        curves: all that was measured.
        solver_text, net_text: the settings as the file tells them, or "".
        start: the last start line of measurements; {} for a log.
        snapshots: the weight files that a log names, in the words of the log.
        weights: how much outputs count in the loss, by name.
        done: it says that the training came to its end.
        began, changed: seconds since the epoch; ``began`` is None if unknown.
        state: a number that changes whenever there is something new.
        lock: to be held while anything here is read.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.lock = threading.RLock()
        self.state = 0
        self._tail = Tail(path)
        self._forget()

    def _forget(self) -> None:
        self.curves = Curves()
        self.solver_text = self.net_text = ""
        self.start: dict[str, Any] = {}
        self.snapshots: list[str] = []
        self.done = False
        self.began: float | None = None
        self.changed = 0.0
        self._glog: GlogLines | None = None
        self._measured: MeasuredLines | None = None
        self._clock: Clock | None = None
        self._year: int | None = None
        self._text: list[str] | None = None  # of the settings that are just being printed
        self._room = 0  # characters that may still be added to it
        self._solves = False

    @property
    def weights(self) -> dict[str, float]:
        reader = self._measured or self._glog
        return reader.log.weights if reader else {}

    def is_loss(self, output: str) -> bool:
        reader = self._measured or self._glog
        return reader is not None and reader.log.is_loss(output)

    @property
    def part_read(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return self._tail.at / self._tail.size if self._tail.size else 1.0

    def advance(self, budget: float) -> None:
        """Read what is new, for about so many seconds at most; one piece in any case.

        Raises:
            OSError: the file cannot be read.
        """
        until = perf_counter() + budget
        with self.lock:
            if self._tail.changed():
                self._forget()
                self.state += 1
            self.changed = os.stat(self.path).st_mtime
            while self._tail.behind > 0:
                before = self._tail.at
                self._add(self._tail.read())
                if self._tail.at == before or perf_counter() > until:
                    break

    def _add(self, lines: list[str]) -> None:
        self.state += 1
        if self._measured is None and self._glog is None and self._clock is None:
            if lines and lines[0].startswith('{"'):
                self._measured = MeasuredLines()
        if self._measured is not None:
            self._measure(lines)
        else:
            for line in lines:
                self._line(line)
            if self._glog is not None:
                self.curves.take(self._glog.log, growing=True)

    # -- measurements -------------------------------------------------------------------------

    def _measure(self, lines: list[str]) -> None:
        assert self._measured is not None
        for text in lines:
            line = measurements.parsed(text)
            if line is None:
                continue
            if line["type"] == "start":
                self._begin(line)
            self._measured.add(line)
        self.curves.take(self._measured.log)

    def _begin(self, line: dict[str, Any]) -> None:
        """A training starts, or goes on from a snapshot."""
        self.curves.cut(line["iter"])
        self.start = line
        text = line.get("param")
        self.solver_text = text[:MOST_TEXT] if isinstance(text, str) else ""
        try:
            self.began = datetime.fromisoformat(line["date"]).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            self.began = None

    # -- glog's lines ---------------------------------------------------------------------------

    def _line(self, line: str) -> None:
        if self._text is not None:
            if STAMP.search(line, 0, 80) is None:
                if self._room > 0:
                    self._text.append(line)
                    self._room -= len(line) + 1
                return
            self._printed()
        line = line[:MOST_LINE]
        if SPEAKING.search(line) is None:
            self._other(line)
            return
        time = self._time(line)
        if time is not None and self._glog is not None:
            self._glog.add(line, time)

    def _time(self, line: str) -> datetime | None:
        """When a line was written; the first one starts the clock."""
        if self._clock is None:
            if STAMP.search(line, 0, 80) is None:
                return None
            year = self._year or datetime.fromtimestamp(self.changed).year
            self._clock = Clock(year)
        time = self._clock.time(line)
        if time is not None and self._glog is None:
            self._glog = GlogLines(time)
            self.began = time.timestamp()
        return time

    def _other(self, line: str) -> None:
        """A line that says nothing of iterations."""
        created = CREATED.search(line)
        if created:
            self._year = int(created[1])
        elif SOLVER_TEXT in line or NET_TEXT in line and not self.net_text:
            self._time(line)
            self._text = [SOLVER_TEXT if SOLVER_TEXT in line else NET_TEXT]
            self._room = MOST_TEXT
        elif STARTED in line and not self._solves:
            time = self._time(line)
            if time is not None and self._glog is not None:
                self._solves = True
                self.done = False
                if not self.curves and not self._glog.log.smoothed:
                    self._glog.start = time
        elif DONE in line:
            self.done = True
        elif "Snapshotting to" in line:
            found = SNAPSHOT.search(line)
            if found and len(self.snapshots) < 10000:
                self.snapshots.append(found[1])
        elif self._clock is None:
            self._time(line)

    def _printed(self) -> None:
        """All of a solver's or net's text has been printed."""
        assert self._text is not None
        what, text = self._text[0], "\n".join(self._text[1:])[:MOST_TEXT]
        if what == SOLVER_TEXT:
            self.solver_text = text
            self.done = self._solves = False
        else:
            self.net_text = text
        self._text = None
