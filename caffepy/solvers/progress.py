"""The lines by which people and programs follow a training. Their words are the original's."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from caffepy import log

logger = log.get(__name__)

Array = Any


class Clock:
    """Measures how fast iterations go between two display lines."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._done = 0

    def stop(self) -> None:
        """Forget what was measured; the next iteration starts anew."""
        self._since = None

    def start(self) -> None:
        """An iteration begins. The first one starts the clock, so that what went before it,
        such as the first test, does not count."""
        if self._since is None:
            self._since = perf_counter()
            self._done = 0
        self._done += 1

    def show(self, iteration: int, display: int, loss: float) -> None:
        """Log the rate since the last call.

        The original divides by the iterations counted so far, which gives no rate in its first
        line. Here that line tells how long the first iteration took, as time for ``display``.
        """
        assert self._since is not None
        now = perf_counter()
        seconds = max(now - self._since, 1e-9)
        logger.info("Iteration %d (%g iter/s, %gs/%d iters), loss = %g", iteration,
                    self._done / seconds, seconds * display / self._done, display, loss)
        self._since, self._done = now, 0


def show_outputs(kind: str, outputs: Sequence[tuple[str, Array, float]]) -> None:
    """Log the values of a net's outputs, one line each.

    Args:
        kind: "Train" or "Test".
        outputs: name, flat values and loss weight of each.
    """
    number = 0
    for name, values, weight in outputs:
        for value in values:
            loss = f" (* {weight:g} = {weight * value:g} loss)" if weight else ""
            logger.info("    %s net output #%d: %s = %g%s", kind, number, name, value, loss)
            number += 1
