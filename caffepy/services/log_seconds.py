"""The time of each Iteration line of a log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from caffepy.errors import DataError
from caffepy.proto import textfile

STAMP = re.compile(
    r"\b[IWEF](?P<year>\d{4})?(?P<month>\d\d)(?P<day>\d\d)\s+"
    r"(?P<hour>\d?\d):(?P<minute>\d\d):(?P<second>\d\d)\.(?P<fraction>\d+)"
)
CREATED = re.compile(r"Log file created at: (\d{4})/\d\d/\d\d")
STARTED = "Solving"
REACH = 80  # characters; mpirun and others put their own prefix before the log's
A_DAY = timedelta(days=1)  # threads may log a little out of order


def extract_datetime_from_line(line: str, year: int) -> datetime:
    """When a log line was written; ``year`` if the line does not say.

    Raises:
        ValueError: it does not begin as a line of the log.
    """
    found = STAMP.search(line, 0, REACH)
    if found is None:
        raise ValueError(f"no log line: {line[:40]!r}")
    part = found.groupdict()
    return datetime(
        int(part["year"] or year), int(part["month"]), int(part["day"]), int(part["hour"]),
        int(part["minute"]), int(part["second"]), int(part["fraction"][:6].ljust(6, "0")),
    )


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """The lines of a log. One that was cut off in writing, the last, is left out: half a number
    is another number.

    Raises:
        NotFound: no such file. DataError: it cannot be read.
    """
    content = textfile.printable(textfile.read_text(path, zeros=True))
    # a progress bar's carriage returns stand between log lines, too
    lines = re.split(r"\n|\r", content)
    return lines[:-1]


def get_log_created_year(path: str | os.PathLike[str], lines: Iterable[str]) -> int:
    """The year in which a log begins."""
    for line in lines:
        found = CREATED.search(line)
        if found:
            return int(found[1])
        if STAMP.search(line, 0, REACH):
            break
    return datetime.fromtimestamp(os.path.getmtime(path)).year


class Clock:
    """Says when lines were written that come one after the other. Where December is followed by
    January a year has passed.

    Args:
        year: in which the first was written, if it does not say so itself.
    """

    def __init__(self, year: int) -> None:
        self.year = year
        self._last: datetime | None = None

    def time(self, line: str) -> datetime | None:
        """When a line was written; None if it does not begin as a line of the log."""
        last = self._last
        try:
            time = extract_datetime_from_line(line, self.year)
            if last is not None and time.month < last.month and last - time > A_DAY:
                self.year += 1
                time = extract_datetime_from_line(line, self.year)
        except ValueError:  # a line without a prefix, or February 29 in another year
            return None
        self._last = time
        return time


def timed(lines: Iterable[str], year: int) -> Iterator[tuple[str, datetime]]:
    """The lines that say when they were written, by a Clock that begins in that year."""
    clock = Clock(year)
    for line in lines:
        time = clock.time(line)
        if time is not None:
            yield line, time


def get_start_time(pairs: Iterable[tuple[str, datetime]]) -> datetime | None:
    """When solving began; in a log whose beginning is lost, its first time; None without any."""
    first = None
    for line, time in pairs:
        first = first or time
        if STARTED in line:
            return time
    return first


def seconds(path: str | os.PathLike[str]) -> list[float]:
    """For each "Iteration" line of a log the seconds from the start.

    Raises:
        NotFound: no such file. DataError: it cannot be read, or is no log.
    """
    lines = read_lines(path)
    pairs = list(timed(lines, get_log_created_year(path, lines)))
    start = get_start_time(pairs)
    if start is None:
        raise DataError("no line begins as a log line", where=os.fspath(path),
                        allowed="I1122 16:29:33.283150 PID file:line] text")
    return [(time - start).total_seconds() for line, time in pairs if "Iteration" in line]
