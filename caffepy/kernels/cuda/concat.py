"""Parts side by side along an axis, and apart again."""

from __future__ import annotations

import math

from caffepy.core.memory import Place, Shape, Tensor
from caffepy.kernels.base import ConcatKernel, ConcatSpec, Engine
from caffepy.kernels.cuda.common import device_of, order


class Concat(ConcatKernel):
    """In memory each part is rows of a fixed length, which become pieces of longer rows."""

    engine = "cuda"

    def __init__(self, spec: ConcatSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        total = sum(part[spec.axis] for part in spec.parts)
        first = spec.parts[0]
        self.whole = (*first[: spec.axis], total, *first[spec.axis + 1 :])
        self.device = device_of(owner, spec, self.whole, *spec.parts)

    def _row(self, shape: Shape, place: Place) -> int:
        """How many numbers of ``shape`` lie together, from the axis on."""
        axis = self.spec.axis
        if place.channels_last and len(shape) == 4:
            n, c, h, w = shape
            shape, axis = (n, h, w, c), (0, 3, 1, 2)[axis]
        return math.prod(shape[axis:])

    def join(self, parts: list[Tensor], whole: Tensor) -> None:
        place = order(parts[0], self.spec.dtype)
        arrays = [part.read(place) for part in parts]
        result, length = whole.overwrite(place), self._row(self.whole, place)
        start = 0
        for shape, array in zip(self.spec.parts, arrays, strict=True):
            row = self._row(shape, place)
            self.device.launch("concat.join", math.prod(shape), array, row, result, length, start,
                               dtype=self.spec.dtype)
            start += row

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        place = order(whole, self.spec.dtype)
        source, length = whole.read(place), self._row(self.whole, place)
        start = 0
        for shape, part in zip(self.spec.parts, parts, strict=True):
            row = self._row(shape, place)
            if part is not None:
                self.device.launch("concat.split", math.prod(shape), part.overwrite(place), row,
                                   source, length, start, dtype=self.spec.dtype)
            start += row
