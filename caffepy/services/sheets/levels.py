"""Numbers of any range as the bytes of pictures."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAST_TOP = 1.5  # numbers up to so much are shares, and no levels out of 0 to 255


class Levels(NamedTuple):
    """What becomes black, and what white."""

    black: float = 0
    white: float = 255

    @classmethod
    def of(cls, low: float, high: float) -> Levels:
        """For numbers between these: they stay what they are if they look like those of pictures,
        0 to 255; else they are stretched."""
        if low < -1 or high > 256 or high <= LEAST_TOP:
            return cls(low, high)
        return cls()

    @property
    def stretched(self) -> bool:
        return self != Levels()

    def bytes(self, values: Array) -> Array:
        """The same shape, uint8; what is no number is black."""
        if self.stretched:
            values = (values - self.black) * (255 / (self.white - self.black or 1))
        return np.asarray(np.nan_to_num(values).round().clip(0, 255).astype(np.uint8))
