"""How much memory a process may still take: what the machine has free, and what its container
allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from caffepy import cores

MEMINFO = "/proc/meminfo"


def free() -> int | None:
    """Bytes that this process and those it starts can have before something is killed; None where
    the system does not say.

    The least of what the kernel thinks available, and of what each control group allows beyond
    what is used in it. Files that are cached count as free there: they give way.
    """
    return min((*_of_the_machine(), *_of_groups()), default=None)


def _of_the_machine() -> Iterator[int]:
    try:
        lines = Path(MEMINFO).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            yield int(value.split()[0]) * 1024


def _of_groups() -> Iterator[int]:
    for version, group in cores.groups("memory"):
        limit, used = (("memory.max", "memory.current") if version == 2 else
                       ("memory.limit_in_bytes", "memory.usage_in_bytes"))
        try:
            allowed, taken = (int((group / name).read_text()) for name in (limit, used))
        except (OSError, ValueError):  # no such file; or "max"
            continue
        yield max(0, allowed - taken + _cached(group))


def _cached(group: Path) -> int:
    """Bytes of files in a group's memory that nobody has used lately."""
    try:
        words = (line.split() for line in (group / "memory.stat").read_text().splitlines())
        found = {word[0]: int(word[1]) for word in words if len(word) == 2}
    except (OSError, ValueError):
        return 0
    return found.get("total_inactive_file", found.get("inactive_file", 0))
