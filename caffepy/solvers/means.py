"""The means of a net's outputs over batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log

logger = log.get(__name__)

Output = tuple[str, NDArray[Any], float]  # name, flat values, loss weight


class OutputMeans:
    """Sums of output values, in double precision: over thousands of batches single precision would
    drift.

    Outputs whose number of values changes from batch to batch, as rows of detections do, have no
    mean; they are left out and warned of once.
    """

    def __init__(self) -> None:
        self._batches = 0
        self._sums: dict[str, NDArray[Any]] = {}
        self._weights: dict[str, float] = {}
        self._changing: set[str] = set()

    def add(self, outputs: Sequence[Output]) -> None:
        """Count a batch: what ``Net.outputs`` gives after a forward."""
        self._batches += 1
        for name, values, weight in outputs:
            self._weights[name] = weight
            total = self._sums.setdefault(name, np.zeros(values.shape))
            if total.shape == values.shape:
                total += values
            elif name not in self._changing:
                self._changing.add(name)
                logger.warning("Output '%s' has %d values in one batch and %d in another: it has "
                               "no mean and is left out.", name, total.size, values.size)

    def means(self) -> list[Output]:
        """In the net's order."""
        return [(name, total / self._batches, self._weights[name])
                for name, total in self._sums.items() if name not in self._changing]
