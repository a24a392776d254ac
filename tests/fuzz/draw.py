"""What a seed decides: shapes, settings, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

Shape = tuple[int, ...]
T = TypeVar("T")

# Numbers that a case is made of. Whole ones are added up without rounding, in any order; many are
# alike, so that maxima tie and ReLU meets its kink; and they make up for exact comparisons.
KINDS = ("normal", "normal", "small", "large", "shifted", "whole", "halves")


class Given(NamedTuple):
    """Numbers for a tensor: float32 values, the order they are written in, and how many numbers
    behind an aligned address they begin (a parameter's begin anywhere)."""

    values: np.ndarray
    last: bool = False
    start: int = 0


class Draw:
    """Random choices, the same for the same seed.

    Args:
        size: 1, or less for a smaller case: what ``integer`` draws shrinks with it.
    """

    def __init__(self, seed: int, size: float = 1.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.size = size
        self.kind = self.pick(KINDS)

    def integer(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both included."""
        high = low + round((high - low) * self.size)
        return int(self.rng.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """With few digits, as people write them."""
        return round(float(self.rng.uniform(low, high)), 3)

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float = 0.5) -> bool:
        return bool(self.rng.random() < share)

    def seed(self) -> int:
        return int(self.rng.integers(2**31))

    def channels(self, most: int = 70) -> int:
        """Few, any, or just beside the multiples of 8 that vectors are made of."""
        most = max(1, round(most * self.size))
        many = self.pick((4, 20, most))
        count = self.integer(1, max(1, min(many, most)))
        if many == most and self.chance():
            count = max(1, min(most, (count + 7) // 8 * 8 + self.pick((-1, 0, 0, 1))))
        return count

    def pair(self, low: int, high: int) -> tuple[int, int]:
        """For height and width: mostly the same for both."""
        first = self.integer(low, high)
        return first, first if self.chance(0.6) else self.integer(low, high)

    def images(self, most: int = 4000, channels: int = 70, side: int = 14) -> Shape:
        """(N, C, H, W) of at most so many numbers, or just above."""
        c = self.channels(channels)
        h, w = self.pair(1, side)
        while c * h * w > most:
            h, w = max(1, h // 2), max(1, w // 2)
            if (h, w) == (1, 1):
                break
        return self.integer(1, max(1, min(4, most // (c * h * w)))), c, h, w

    def shape(self, most: int = 4000) -> Shape:
        """Of any rank, mostly four axes."""
        rank = self.pick((1, 2, 2, 3, 4, 4, 4, 4, 5))
        if rank == 4:
            return self.images(most)
        side = {1: most // 2, 2: 60, 3: 14, 5: 6}[rank]
        shape = tuple(self.integer(1, side) for _ in range(rank))
        while np.prod(shape) > most:
            shape = tuple(max(1, d // 2) for d in shape)
        return shape

    def numbers(self, shape: Sequence[int], kind: str | None = None) -> np.ndarray:
        """Float32 numbers of the case's kind."""
        kind, shape, rng = kind or self.kind, tuple(shape), self.rng
        if kind == "whole":
            values = rng.integers(-3, 4, shape)
        elif kind == "halves":  # as many exact sums and ties, and no whole number among them
            values = rng.integers(-4, 4, shape) + 0.5
        elif kind == "positive":
            values = np.abs(rng.standard_normal(shape)) + 0.1
        elif kind == "unit":
            values = rng.uniform(-1, 1, shape)
        else:
            values = rng.standard_normal(shape)
            values = {"small": 0.01 * values, "large": 30 * values, "shifted": values + 2.5}.get(
                kind, values)
        return np.asarray(values, np.float32)

    def inexact(self) -> None:
        """The layer's fractions round what exact sums and ties would come to: draw others."""
        if self.kind in ("whole", "halves"):
            self.kind = "normal"

    def given(self, shape: Sequence[int], kind: str | None = None) -> Given:
        """Numbers of an activation or a gradient, in C order or channels-last."""
        return Given(self.numbers(shape, kind), len(tuple(shape)) == 4 and self.chance(0.6))

    def parameter(self, shape: Sequence[int], kind: str | None = None) -> Given:
        """Numbers of a parameter or its gradient."""
        return Given(self.numbers(shape, kind), start=self.pick((0, 0, 1, 3)))
