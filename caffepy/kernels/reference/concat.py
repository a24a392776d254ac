"""Parts side by side along an axis, and apart again."""

from __future__ import annotations

from caffepy.core.memory import Array, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.concat import ConcatKernel, ConcatSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("parts", "axis")
class Concat(ConcatKernel):
    """Copies between the whole and its slices."""

    engine = "reference"

    def __init__(self, spec: ConcatSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        before = (slice(None),) * spec.axis
        self.pieces = []
        start = 0
        for shape in spec.parts:
            end = start + shape[spec.axis]
            self.pieces.append((*before, slice(start, end)))
            start = end

    def join(self, parts: list[Tensor], whole: Tensor) -> None:
        place = follow(self, parts[0])
        result = whole.overwrite(place)
        for part, piece in zip(parts, self.pieces, strict=True):
            self._copy(part.read(place), result[piece])

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        place = follow(self, whole)
        source = whole.read(place)
        for part, piece in zip(parts, self.pieces, strict=True):
            if part is not None:
                self._copy(source[piece], part.overwrite(place))

    def _copy(self, source: Array, target: Array) -> None:
        """Of equal shapes."""
        target[...] = source
