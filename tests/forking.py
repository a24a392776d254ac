"""Children of the test's process that cannot hang it: what they return or raise comes back."""

from __future__ import annotations

import os
import pickle
import select
import signal
import traceback
from collections.abc import Callable
from typing import Any

SECONDS = 60  # in which a child must be done; a hang is for ever


class Child:
    """``function()`` in a forked process."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._pipe, end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(end)
            return
        try:
            os.close(self._pipe)
            try:
                answer = True, function()
            except BaseException:
                answer = False, traceback.format_exc()
            with open(end, "wb") as file:
                pickle.dump(answer, file)
        finally:
            os._exit(0)

    def result(self) -> Any:
        """What the function gave; its error, or that it took too long, is one here."""
        data = b""
        try:
            while select.select([self._pipe], [], [], SECONDS)[0]:
                part = os.read(self._pipe, 1 << 16)
                if not part:
                    break
                data += part
            else:
                raise TimeoutError("the child hangs")
        finally:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self._pipe)
        fine, answer = pickle.loads(data)
        if not fine:
            raise AssertionError(f"in the child:\n{answer}")
        return answer


def forked(function: Callable[[], Any]) -> Any:
    """``function()``, in a child."""
    return Child(function).result()
