"""Who takes part in a bench, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

WAYS = ("eager", "graph", "compiled")  # of PyTorch on a GPU
AGREEMENT = 1e-4  # of losses and outputs, before anything is timed
RATE, MOMENTUM, DECAY = 1e-4, 0.9, 5e-4  # the update rule of both sides

Action = Callable[[], object]


class Side(NamedTuple):
    """Who is timed: ``act`` does one step; ``finish`` waits until all that was begun is done."""

    act: Action
    finish: Action = lambda: None
