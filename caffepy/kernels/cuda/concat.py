"""Parts side by side along an axis, and apart again."""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffepy.core.memory import Array, Place, Shape, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.cuda.common import device_of, order
from caffepy.kernels.cuda.device import PACKS
from caffepy.kernels.operations.concat import ConcatKernel, ConcatSpec
from caffepy.kernels.table import implements


@implements("parts", "axis")
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
        self._launch("join", place, arrays, whole.overwrite(place))

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        place = order(whole, self.spec.dtype)
        source = whole.read(place)
        arrays = [None if part is None else part.overwrite(place) for part in parts]
        self._launch("split", place, arrays, source)

    def _launch(self, kernel: str, place: Place, parts: Sequence[Array | None], whole: Array
                ) -> None:
        """Each part's rows, at its place in the whole's; in packs if all of them are such."""
        dtype = self.spec.dtype
        rows, length = [self._row(s, place) for s in self.spec.parts], self._row(self.whole, place)
        pack = PACKS[dtype]
        if any(row % pack for row in rows):
            pack = 1
        name = f"concat.{kernel}_packs" if pack > 1 else f"concat.{kernel}"
        start = 0
        for shape, row, part in zip(self.spec.parts, rows, parts, strict=True):
            if part is not None:
                self.device.launch(name, math.prod(shape) // pack, part, row // pack, whole,
                                   length // pack, start // pack, dtype=dtype)
            start += row
