"""How long OpenMP's threads spin while they wait for each other, before they sleep.

libgomp lets them spin for milliseconds. That costs nothing where a process has its cores alone, but
two that share them wait for each other's spinning: two trainings at once took many times as long
as one. Three thousand rounds, some microseconds, are as quick alone; with a thousand some
processors go to sleep between two layers, and LeNet takes half as long again. libgomp reads its
environment when it is loaded, so it is told by that, for this moment only: processes that are
started from here do not inherit it, and what the user has set counts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator, Sequence

from caffepy.settings import WAITING

ROUNDS = "GOMP_SPINCOUNT"
DEFAULT = "3000"
LIBRARY = "libgomp.so.1"


def loaded() -> bool:
    """Whether the system's libgomp is in the process already, brought by this or another library.
    Packages that bring copies of their own, under other names, have those for themselves."""
    if not hasattr(os, "RTLD_NOLOAD"):
        return False
    try:
        ctypes.CDLL(LIBRARY, os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def short(given: Sequence[str]) -> Iterator[list[str]]:
    """For loading a library that brings OpenMP.

    Args:
        given: what the user has set (settings.Process.waiting).

    Yields:
        a list, which has one sentence afterwards: what holds, and why.
    """
    said: list[str] = []
    late = loaded()
    if given or late:
        yield said
    else:
        os.putenv(ROUNDS, DEFAULT)  # not by os.environ, which others read and hand on
        try:
            yield said
        finally:
            os.unsetenv(ROUNDS)
    if not loaded():
        said.append("as the OpenMP library has it, which is not libgomp")
    elif late:
        said.append("as libgomp was told when another package loaded it, before caffepy"
                    + (f" (now {', '.join(given)})" if given else ""))
    elif given:
        said.append(f"as {', '.join(given)} {'says' if len(given) == 1 else 'say'}")
    else:
        said.append(f"{DEFAULT} rounds, unless {' or '.join(WAITING)} says otherwise")
