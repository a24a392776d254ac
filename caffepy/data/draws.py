"""Random numbers that are functions: of a seed, of what they are drawn for, and of a counter.

So what is drawn for a record depends neither on threads nor on how records fall into batches, and
a resumed run draws the same.
"""

from __future__ import annotations

import hashlib

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
