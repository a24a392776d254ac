"""Closes nets and solvers when nobody holds them any more: data threads, files, databases."""

from __future__ import annotations

import atexit
import weakref
from typing import Any


class Keeper:
    """Held by every face of one net or solver; with the last of them it closes what it keeps.

    Not by weakref.finalize, whose table would keep alive what the core refers to: a callback of
    the user's that refers to the net would then make it immortal.

    Args:
        core: has a method close.
    """

    def __init__(self, core: Any) -> None:
        self._core: Any = core
        _open.add(self)

    def close(self) -> None:
        """Close it now. Closing twice does no harm."""
        core, self._core = self._core, None
        _open.discard(self)
        if core is not None:
            core.close()

    def __del__(self) -> None:
        self.close()


_open: weakref.WeakSet[Keeper] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """At the end of the program, before modules are taken apart."""
    for keeper in list(_open):
        keeper.close()
