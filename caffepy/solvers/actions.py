"""What a training is asked for from outside, as by a signal: to stop, or for a snapshot."""

from __future__ import annotations

from collections.abc import Callable

from caffepy.parallel.base import Communicator

Action = Callable[[], str | None]

ASKED = (None, "snapshot", "stop")  # of several workers' words the last in this order counts


def agreed(asked: str | None, communicator: Communicator) -> str | None:
    """What all workers do: they stop if any of them is asked to, after the same iteration; of
    snapshots the root alone is asked, since a signal may reach others an iteration later."""
    if communicator.size == 1:
        return asked
    counts = communicator.root or asked == "stop"
    return ASKED[communicator.agree(ASKED.index(asked) if counts else 0)]
