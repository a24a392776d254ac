"""Random numbers that are functions: of a seed, of what they are drawn for, and of a counter.

So what is drawn for a record depends neither on threads nor on how records fall into batches, and
a resumed run draws the same.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np


def stream_key(seed: int, stream: str) -> int:
    """64 bits that belong to this seed and this stream alone."""
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def draws(key: int, counters: np.ndarray, below: np.ndarray | int) -> np.ndarray:
    """Whole numbers in [0, below), each a function of (key, its counter) alone.

    SplitMix64 (Steele, Lea, Flood, 2014) at the given places of its sequence; the upper 32 bits
    are scaled to the range.

    Args:
        counters: integers, any shape. below: up to 2^32, of a shape that broadcasts to it.
    """
    state = counters.astype(np.uint64) + np.uint64(1)
    state *= np.uint64(0x9E3779B97F4A7C15)
    state += np.uint64(key)
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    state >>= np.uint64(32)
    return ((state * np.asarray(below).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


class Dice:
    """Draws for one record, or one batch: the first, second, third... of each is a function of
    (key, number) alone.

    Args:
        key: what is drawn, as from ``stream_key``.
        number: the record's.
    """

    def __init__(self, key: int, number: int) -> None:
        high, low = draws(key, 2 * np.int64(number) + np.arange(2), 1 << 32).tolist()
        self._key = high << 32 | low
        self._drawn = 0

    def uniform(self, low: float = 0, high: float = 1) -> float:
        """A number in [low, high)."""
        return float(self.uniforms((1,), low, high)[0])

    def uniforms(self, shape: tuple[int, ...], low: float = 0, high: float = 1) -> np.ndarray:
        """Such numbers, float32."""
        bits = self.belows(shape, 1 << 24)  # as many as a float32 tells apart
        return np.float32(low) + bits.astype(np.float32) * np.float32((high - low) / (1 << 24))

    def below(self, count: int) -> int:
        """A whole number in [0, count)."""
        return int(self.belows((1,), count)[0])

    def belows(self, shape: tuple[int, ...], count: int) -> np.ndarray:
        """Such numbers."""
        first, self._drawn = self._drawn, self._drawn + math.prod(shape)
        return draws(self._key, np.arange(first, self._drawn), count).reshape(shape)

    def happens(self, chance: float) -> bool:
        """True with this probability."""
        return self.uniform() < chance

    def order(self, count: int) -> np.ndarray:
        """The numbers below ``count`` in an order of which all are equally likely."""
        return np.argsort(self.belows((count,), 1 << 32), kind="stable")
