"""How long this process ran, and how long it waited for a core that others had.

Linux says it in /proc; of other systems nothing is known.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from time import process_time

PROC = "/proc"


@dataclass(frozen=True)
class Use:
    """Seconds since some moment of the past.

    Attributes:
        ran: that the threads of this process ran, all together.
        waited: that they could have run and had no core.
        others: that all cores worked for others; what a virtual machine's host took, too.
    """

    ran: float
    waited: float
    others: float

    def since(self, before: Use) -> Use:
        """What came between; threads that have ended are gone, so no less than nothing."""
        return Use(*(max(0.0, now - then) for now, then in (
            (self.ran, before.ran), (self.waited, before.waited), (self.others, before.others))))

    @property
    def waiting(self) -> float:
        """The share of its time in which this process waited for a core."""
        return self.waited / (self.ran + self.waited) if self.waited else 0.0


def read(proc: str = PROC, own: float | None = None) -> Use | None:
    """The use until now; None where the system does not say.

    Args:
        own: the processor time of this process, by default what it is.
    """
    try:
        ran = waited = 0
        for task in Path(proc, "self/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # just ended
                nanoseconds = (task / "schedstat").read_text().split()
                ran, waited = ran + int(nanoseconds[0]), waited + int(nanoseconds[1])
        user, nice, system, _, _, *rest = map(
            int, Path(proc, "stat").read_text().partition("\n")[0].split()[1:9])
        ticks = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    if not ran:  # a kernel that keeps no account
        return None
    worked = (user + nice + system + sum(rest)) / ticks
    return Use(ran / 1e9, waited / 1e9, worked - (process_time() if own is None else own))
