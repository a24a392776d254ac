"""How many cores this process may use: as many threads compute unless told otherwise."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = "/proc/self/cgroup"
MOUNT = "/sys/fs/cgroup"


def usable() -> int:
    """The cores that this process may use: fewer than the machine's where it is bound to some, or
    where a container gives it a share of their time."""
    bound = (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
             else os.cpu_count() or 1)
    share = quota()
    return bound if share is None else max(1, min(bound, math.ceil(share)))


def quota() -> float | None:
    """How many cores' time the control groups that this process is in give it (``cpu.max``, or
    ``cpu.cfs_quota_us`` of version 1); None for all of it, or where there are no such groups."""
    return min(_quotas(), default=None)


def _quotas() -> Iterator[float]:
    for version, group in groups("cpu"):
        limits = ("cpu.max",) if version == 2 else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        try:
            words = " ".join((group / name).read_text() for name in limits).split()
            share, period = map(float, words)
        except (OSError, ValueError):  # no such file; or "max", which is no number
            continue
        if share > 0 and period > 0:  # -1 of version 1 is all of it
            yield share / period


def groups(controller: str) -> Iterator[tuple[int, Path]]:
    """The folders of the control groups that limit this process, with their version, 1 or 2: its
    own and each above it, which limits it too."""
    try:
        lines = Path(GROUPS).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            version, folder = 2, Path(MOUNT)
        elif controller in controllers.split(","):
            version, folder = 1, Path(MOUNT, controller)
        else:
            continue
        inner = folder / path.lstrip("/")  # in a container perhaps one that only the host sees
        for group in (inner, *inner.parents):
            yield version, group
            if group == folder:
                break
