"""The rows of a detector's output as OpenCV gives them: always the same number.

SSD's own gives as many rows as it has found, by class, and one of -1 for a picture without any.
OpenCV gives ``keep_top_k`` for each picture, the best first whatever their class, then zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core.node import Node

Array = NDArray[Any]
COLUMNS = 7


def shape(own: tuple[int, ...], node: Node) -> tuple[int, ...]:
    """1 x 1 x rows x 7."""
    most = getattr(node.layer.p, "keep_top_k", -1)
    return (1, 1, node.bottoms[0].shape[0] * most, COLUMNS) if most > 0 else own


def padded(rows: Array, node: Node) -> Array:
    """The rows by image and score, with zeros behind them."""
    found = rows.reshape(-1, COLUMNS)
    found = found[found[:, 1] >= 0]
    found = found[np.lexsort((-found[:, 2], found[:, 0]))]
    wanted = shape((1, 1, len(found), COLUMNS), node)
    whole = np.zeros(wanted, np.float32)
    whole[0, 0, : len(found)] = found
    return whole
