"""The parameters of a net, side by side in memory.

Update rules, gradient averaging and clipping then run over long flat arrays instead of many
small ones, and a step works on addresses that never change.

On a device each begins at a multiple of ALIGNMENT, as the libraries' fast kernels want it; the
gaps hold zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.memory import Array, Mover, Place

ALIGNMENT = 256  # bytes


@dataclass
class Parameter:
    """One learnable blob, owned by the first layer that names it.

    Attributes:
        blob: values and gradients, C order.
        lr_mult, decay_mult: what the solver's rate and weight decay are multiplied with.
        layer, index: whose blob it is, and which one.
        name: the name by which other layers share it, or "".
        offset, count: where it lies in the arena, in numbers.
    """

    blob: Blob
    lr_mult: float
    decay_mult: float
    layer: str
    index: int
    name: str
    offset: int = 0

    @property
    def count(self) -> int:
        return self.blob.count


class Arena:
    """Flat arrays that hold all parameters' values and gradients in order.

    Making one moves the parameters in; blobs and whoever shares their memory follow.

    Args:
        place: HOST or DEVICE: where the arrays are.
    """

    def __init__(
        self, parameters: list[Parameter], dtype: Any, mover: Mover, place: Place = Place.HOST
    ) -> None:
        self.place = place
        unit = ALIGNMENT // np.dtype(dtype).itemsize if place.on_device else 1
        self.count = 0
        for parameter in parameters:
            parameter.offset = self.count
            self.count += -(-parameter.count // unit) * unit
        self.values: Array = mover.zeros(place, self.count, np.dtype(dtype))
        self.grads: Array = mover.zeros(place, self.count, np.dtype(dtype))
        for parameter in parameters:
            part = slice(parameter.offset, parameter.offset + parameter.count)
            parameter.blob.values.memory.adopt(place, self.values[part])
            parameter.blob.grads.memory.adopt(place, self.grads[part])
