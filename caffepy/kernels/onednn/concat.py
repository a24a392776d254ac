"""Parts side by side along an axis, and apart again, copied on all threads.

In memory the whole is a table. Its rows are what lies behind the axis, and in each the parts' rows
stand side by side.
"""

from __future__ import annotations

import math
from itertools import accumulate

from caffepy.core.memory import Shape, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn.common import FLOAT, STORED, Cuts, order, runtime_of
from caffepy.kernels.onednn.concat_few import ConcatFew
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.kernels.operations.concat import ConcatKernel, ConcatSpec
from caffepy.kernels.table import implements

NARROW = 16  # numbers of a part in a row; oneDNN copies fewer one by one


@implements("parts", "axis")
class Concat(ConcatKernel):
    """One copy for each part."""

    engine = "onednn"

    @classmethod
    def serves(cls, spec: ConcatSpec) -> bool:
        """Whether they are worth telling threads."""
        return not ConcatFew.serves(spec)

    def __init__(self, spec: ConcatSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        runtime = runtime_of(self, *spec.parts, types=STORED)
        axes = range(len(spec.parts[0]))
        self._tables = {False: _Table(runtime, spec, axes)}  # by whether it is channels-last
        if len(axes) == 4:
            self._tables[True] = _Table(runtime, spec, (0, 2, 3, 1))
        # in half precision there is no NumPy to hand it to
        if spec.dtype in FLOAT and any(table.narrowest < NARROW for table in self._tables.values()):
            raise Unsupported("NumPy copies short rows sooner")

    @property
    def detail(self) -> str:
        return self._tables[False].detail

    def join(self, parts: list[Tensor], whole: Tensor) -> None:
        place = order(parts[0], self.spec.dtype)
        table = self._tables[place.channels_last]
        targets = table.targets.of(whole.overwrite(place))
        for part, copy, target in zip(parts, table.join, targets, strict=True):
            copy(part.read(place), target)

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        place = order(whole, self.spec.dtype)
        table = self._tables[place.channels_last]
        sources = table.sources.of(whole.read(place))
        for part, copy, source in zip(parts, table.split, sources, strict=True):
            if part is not None:
                copy(source, part.overwrite(place))


class _Table:
    """How the parts and the whole lie in one order of their axes, the outermost first."""

    def __init__(self, runtime: Runtime, spec: ConcatSpec, axes: Shape | range) -> None:
        at = list(axes).index(spec.axis)
        shape = [spec.parts[0][axis] for axis in axes]
        rows, behind = math.prod(shape[:at]), math.prod(shape[at + 1 :])
        widths = [part[spec.axis] * behind for part in spec.parts]
        ends = list(accumulate(widths))
        self.narrowest = min(widths)
        self.targets, self.sources = (Cuts([0, *ends[:-1]]) for _ in range(2))
        alone = [runtime.plain((rows, width), spec.dtype) for width in widths]
        within = [runtime.strided((rows, width), (ends[-1], 1), spec.dtype) for width in widths]
        self.join = [runtime.reorder(*pair) for pair in zip(alone, within, strict=True)]
        self.split = [runtime.reorder(*pair) for pair in zip(within, alone, strict=True)]
        self.detail = self.join[0].implementation
