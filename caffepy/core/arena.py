"""The parameters of a net, side by side in memory.

Update rules, gradient averaging and clipping then run over long flat arrays instead of many
small ones, and a step works on addresses that never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.memory import Array, Mover, Place


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
    """Flat host arrays that hold all parameters' values and gradients in order.

    Making one moves the parameters in; blobs and whoever shares their memory follow.
    """

    def __init__(self, parameters: list[Parameter], dtype: Any, mover: Mover) -> None:
        self.count = 0
        for parameter in parameters:
            parameter.offset = self.count
            self.count += parameter.count
        self.values: Array = mover.empty(Place.HOST, self.count, np.dtype(dtype))
        self.grads: Array = mover.empty(Place.HOST, self.count, np.dtype(dtype))
        for parameter in parameters:
            place = slice(parameter.offset, parameter.offset + parameter.count)
            parameter.blob.values.memory.adopt(Place.HOST, self.values[place])
            parameter.blob.grads.memory.adopt(Place.HOST, self.grads[place])
