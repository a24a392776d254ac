"""Reorders between C order and channels-last on all threads."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array, Mover, Shape
from caffepy.kernels.onednn.runtime import Call, Runtime

SMALL = 1024  # numbers; below, NumPy is done before oneDNN has started
KEPT = 64  # plans; nets of ever changing shape would gather them without end


class OneDnnMover(Mover):
    """A mover whose reorders are oneDNN's."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        self._calls: dict[tuple[Shape, bool], Call] = {}

    def rewrite(self, source: Array, target: Array) -> None:
        """See Mover.rewrite."""
        if source.dtype != np.float32 or source.size < SMALL:
            np.copyto(target, source)
            return
        key = (source.shape, source.flags.c_contiguous)
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= KEPT:
                self._calls.clear()
            plain, last = self.runtime.plain(source.shape), self.runtime.last(source.shape)
            layouts = (plain, last) if source.flags.c_contiguous else (last, plain)
            call = self._calls[key] = self.runtime.reorder(*layouts)
        call(source, target)
