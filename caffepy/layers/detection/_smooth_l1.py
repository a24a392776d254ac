"""The smooth L1 loss of single numbers, half a square near 0 and straight beyond:

    h(d) = s2 d^2 / 2 where |d| < 1 / s2, else |d| - 1 / (2 s2),    s2 = sigma^2
"""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Array


def losses(xp: Any, d: Array, s2: float = 1.0) -> Array:
    """h(d)."""
    size = xp.abs(d)
    return xp.where(size < 1 / s2, 0.5 * s2 * d * d, size - 0.5 / s2)


def slopes(xp: Any, d: Array, s2: float = 1.0) -> Array:
    """h'(d)."""
    return xp.clip(s2 * d, -1, 1)
