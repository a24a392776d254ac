"""What SIGINT and SIGHUP do to a training: nothing at once, something between iterations."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

PATIENCE = 3    # so many Ctrl-C without an iteration's end between them end a run that hangs


class SignalEffects:
    """A context in which signals wait for the solver to ask for them.

    ``action()``, called between iterations and batches, gives "stop", "snapshot" or None.

    Args:
        sigint: effect of Ctrl-C: "stop", "snapshot" or "none".
        sighup: effect of a hang-up, on systems that have one.
    """

    def __init__(self, sigint: str, sighup: str) -> None:
        self.effects: dict[int, str] = {signal.SIGINT: sigint}
        if hasattr(signal, "SIGHUP"):
            self.effects[signal.SIGHUP] = sighup
        self.pending: dict[int, int] = dict.fromkeys(self.effects, 0)
        self.before: dict[int, Any] = {}

    def __enter__(self) -> SignalEffects:
        # Python allows handlers in the main thread alone; elsewhere signals are not ours
        if threading.current_thread() is threading.main_thread():
            for number in self.effects:
                self.before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before.clear()

    def action(self) -> str | None:
        """The effect of a signal that came since the last call; stop before snapshot."""
        came = [number for number in self.effects if self.pending[number]]
        for number in came:
            self.pending[number] = 0
        effects = {self.effects[number] for number in came}
        return next((effect for effect in ("stop", "snapshot") if effect in effects), None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending[number] += 1
        # not by each further one: that would end the tidying-up after the first in a traceback
        if number == signal.SIGINT and self.pending[number] % PATIENCE == 0:
            raise KeyboardInterrupt
