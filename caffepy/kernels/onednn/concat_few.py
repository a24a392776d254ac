"""Few numbers side by side, which NumPy has copied sooner than threads are told to."""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Array
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn.common import FLOAT, runtime_of
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.reference import concat
from caffepy.kernels.table import implements

FEW = 1 << 16  # numbers


@implements("parts", "axis")
class ConcatFew(concat.Concat):
    """As the reference kernel does it, but so that it can be taped."""

    engine = "onednn"

    @classmethod
    def serves(cls, spec: ConcatSpec) -> bool:
        """Whether they are few; in half precision NumPy does not know their type."""
        return spec.dtype in FLOAT and sum(map(math.prod, spec.parts)) < FEW

    def __init__(self, spec: ConcatSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        self._runtime = runtime_of(self, *spec.parts)

    @property
    def detail(self) -> str:
        return "NumPy"

    def _copy(self, source: Array, target: Array) -> None:
        self._runtime.also(np.copyto, target, source)
