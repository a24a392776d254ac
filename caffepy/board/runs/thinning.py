"""Of many points those that a picture shows."""

from __future__ import annotations

from typing import Any

Array = Any


def within(x: Array, low: float, high: float) -> slice:
    """Where ascending ``x`` lies in a range, with a neighbour on each side: lines go on beyond
    the edges."""
    import numpy as np

    first, last = np.searchsorted(x, low, "left"), np.searchsorted(x, high, "right")
    return slice(max(int(first) - 1, 0), int(last) + 1)


def thinned(y: Array, most: int) -> Array:
    """Indices of at most about ``most`` values that look as all of them do: of each part the
    least, the largest and the first that is no number, and both ends."""
    import numpy as np

    count = y.size
    if count <= most:
        return np.arange(count)
    parts = max(most // 2, 1)
    length = -(-count // parts)
    padded = np.full(length * parts, np.nan)
    padded[:count] = y
    table = padded.reshape(parts, length)
    finite = np.isfinite(table)
    at = np.arange(parts) * length
    kept = [at + np.where(finite, table, np.inf).argmin(1),
            at + np.where(finite, table, -np.inf).argmax(1)]
    holes = ~np.isfinite(y)
    if holes.any():
        marked = np.zeros(length * parts, bool)
        marked[:count] = holes
        table = marked.reshape(parts, length)
        kept.append((at + table.argmax(1))[table.any(1)])
    found = np.unique(np.concatenate([*kept, [0, count - 1]]))
    return found[found < count]
