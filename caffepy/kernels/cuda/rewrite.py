"""Copies on the device between C order and channels-last, between number formats, or both at once.

Arrays of float16, and of bfloat16's bits (uint16), against arrays of float32. Memory has other
types too (float64 in gradient checks), which CuPy copies.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import HALVES, Array
from caffepy.kernels.cuda.device import Device

TILE, ROWS = 32, 8  # of the transposing kernels
RUN = 4  # numbers that a thread takes at once
FLOAT = np.dtype(np.float32)
FORMATS = {FLOAT: "float32"} | {dtype: name for name, dtype in HALVES.items()}


def rewrite(device: Device, source: Array, target: Array, add: bool = False) -> None:
    """target = source, or += if ``add``, which is for targets of float32.

    Args:
        source, target: of one shape, each contiguous in C order or, N x C x H x W, channels-last;
            one of them of float32, or both of one type.
    """
    old, new = source.dtype, target.dtype
    same_order = source.flags.c_contiguous == target.flags.c_contiguous
    if not source.size:
        return
    if old not in FORMATS or new not in FORMATS or (same_order and old == new):
        assert not add
        with device.computing():
            target[...] = source
        return
    given: tuple[bool, ...] = ()
    if new == FLOAT:
        way, dtype, given = "widen", FORMATS[old], (add,)
    else:
        assert not add, "sums are float32"
        way, dtype = "same" if old == new else "narrow", FORMATS[new]
    if same_order:
        device.launch(f"reorder.{way}", -(-source.size // RUN), source.size, source, target,
                      *given, dtype=dtype)
        return
    n, c, h, w = source.shape
    # (n, rows, columns) becomes (n, columns, rows)
    rows, columns = (c, h * w) if source.flags.c_contiguous else (h * w, c)
    grid = (-(-columns // TILE), min(-(-rows // TILE), 65535), min(n, 65535))
    device.launch_grid(f"reorder.transpose_{way}", grid, (TILE, ROWS), n, rows, columns, source,
                       target, *given, dtype=dtype)
