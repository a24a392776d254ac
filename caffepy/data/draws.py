"""Random numbers that are functions: of a seed, of what they are drawn for, and of a counter.

So what is drawn for a record depends neither on threads nor on how records fall into batches, and
a resumed run draws the same.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

WORD = (1 << 64) - 1
STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


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
    state *= np.uint64(STEP)
    state += np.uint64(key)
    state ^= state >> np.uint64(30)
    state *= np.uint64(FIRST)
    state ^= state >> np.uint64(27)
    state *= np.uint64(SECOND)
    state ^= state >> np.uint64(31)
    state >>= np.uint64(32)
    return ((state * np.asarray(below).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


def below(bits: int, count: int) -> int:
    """A whole number in [0, count) from 32 random bits."""
    return bits * count >> 32


def _bits(key: int, counter: int) -> int:
    """One of ``draws`` below 1 << 32, several times as quick as NumPy."""
    state = (counter + 1) * STEP + key & WORD
    state = (state ^ state >> 30) * FIRST & WORD
    state = (state ^ state >> 27) * SECOND & WORD
    return (state ^ state >> 31) >> 32


class Dice:
    """Draws for one record, or one batch: the first, second, third... of each is a function of
    (key, number) alone.

    Args:
        key: what is drawn, as from ``stream_key``.
        number: the record's.
    """

    def __init__(self, key: int, number: int) -> None:
        self._key = _bits(key, 2 * number) << 32 | _bits(key, 2 * number + 1)
        self._drawn = 0

    def uniform(self, low: float = 0, high: float = 1) -> float:
        """A number in [low, high)."""
        bits = self.below(1 << 24)  # as many as a float32 tells apart
        return float(np.float32(low) + np.float32(bits) * np.float32((high - low) / (1 << 24)))

    def uniforms(self, shape: tuple[int, ...], low: float = 0, high: float = 1) -> np.ndarray:
        """Such numbers, float32."""
        bits = self.belows(shape, 1 << 24)
        return np.float32(low) + bits.astype(np.float32) * np.float32((high - low) / (1 << 24))

    def below(self, count: int) -> int:
        """A whole number in [0, count)."""
        self._drawn += 1
        return _bits(self._key, self._drawn - 1) * count >> 32

    def belows(self, shape: tuple[int, ...], count: int) -> np.ndarray:
        """Such numbers."""
        first, self._drawn = self._drawn, self._drawn + math.prod(shape)
        return draws(self._key, np.arange(first, self._drawn), count).reshape(shape)

    def happens(self, chance: float) -> bool:
        """True with this probability."""
        return self.uniform() < chance

    def normals(self, count: int) -> np.ndarray:
        """Numbers of a standard normal distribution, float32: Box and Muller's, 1958."""
        radius, turn = self.uniforms((2, count)).astype(np.float64)
        made = np.sqrt(-2 * np.log1p(-radius)) * np.cos(2 * np.pi * turn)
        return made.astype(np.float32)

    def order(self, count: int) -> np.ndarray:
        """The numbers below ``count`` in an order of which all are equally likely."""
        return np.argsort(self.belows((count,), 1 << 32), kind="stable")
