"""Copies between C order and channels-last, and between number formats, on all threads."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import HALVES, Array, Mover, Shape
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.runtime import Call, Runtime

SMALL = 1024  # numbers; below, NumPy is done before oneDNN has started
KEPT = 64  # plans; nets of ever changing shape would gather them without end
FORMATS = {np.dtype(np.float32): "float32", HALVES["bfloat16"]: "bfloat16"}

Seen = tuple[str, bool]  # an array's format, and whether it lies in C order


class OneDnnMover(Mover):
    """A mover whose copies on the host are oneDNN's."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        self._calls: dict[tuple[Shape, Seen, Seen], Call] = {}
        self._formats = {dtype: name for dtype, name in FORMATS.items()
                         if name == "float32" or runtime.has_bfloat16}

    def rewrite(self, source: Array, target: Array) -> None:
        """See Mover.rewrite."""
        a, b = self._formats.get(source.dtype), self._formats.get(target.dtype)
        if a is None or b is None or source.size < SMALL:
            self.runtime.also(super().rewrite, source, target)
            return
        key = (source.shape, (a, source.flags.c_contiguous), (b, target.flags.c_contiguous))
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= KEPT:
                self._calls.clear()
            call = self._calls[key] = self._plan(*key)
        call(source, target)

    def _plan(self, shape: Shape, source: Seen, target: Seen) -> Call:
        same = source[1] == target[1]  # the order stays, whichever it is

        def layout(dtype: str, plain: bool) -> Layout:
            if same:
                return self.runtime.plain((math.prod(shape),), dtype)
            return (self.runtime.plain if plain else self.runtime.last)(shape, dtype)

        return self.runtime.reorder(layout(*source), layout(*target))
