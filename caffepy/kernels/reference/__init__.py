"""The kernels that every machine can run: vectorised array code that reads like the formula.

They are written on an array module ``xp`` with the functions that NumPy and CuPy share, take
float32 and float64, and work in C order, except that the elementwise ones follow the order their
input was last written in. What other engines do faster is checked against these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.core.memory import HALVES, Mover, Place
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported


class ReferenceEngine(Engine):
    """Has a kernel for every spec.

    Args:
        xp: the array module, numpy or cupy.
        place: where it computes; on a device if xp is cupy.
        mover: makes a mover for that place.
    """

    name = "reference"
    package = __name__

    def __init__(
        self, xp: Any = np, place: Place = Place.HOST, mover: Callable[[], Mover] = Mover
    ) -> None:
        self.xp = xp
        self.place = place
        self._mover = mover

    @classmethod
    def on_host(cls, threads: int | None) -> Engine:
        """See Engine.on_host. NumPy's BLAS has threads of its own."""
        return cls()

    def without(self, half: str) -> str | None:
        """See Engine.without."""
        return None if half == "int8" else super().without(half)

    def mover(self) -> Mover:
        """See Engine.mover."""
        return self._mover()

    def plan(self, spec: Spec) -> Kernel:
        """See Engine.plan."""
        if getattr(spec, "dtype", None) in HALVES:
            raise Unsupported("the reference kernels compute in float32 or float64")
        return super().plan(spec)
