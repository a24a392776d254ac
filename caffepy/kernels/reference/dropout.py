"""Dropout (Srivastava et al. 2014): a new mask at each forward."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.operations.dropout import DropoutKernel
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements


@implements("shape", "ratio", "kept")
class Dropout(DropoutKernel):
    """y = x * mask, dx = dy * mask."""

    engine = "reference"
    left: Tensor | None  # the mask

    def forward(self, x: Tensor, y: Tensor, generator: np.random.Generator) -> None:
        place = follow(self, x)
        if self.left is None:
            memory = SyncedMemory(0, self.spec.dtype, x.memory.mover)
            self.left = Tensor(memory, self.spec.shape)
        xs, ys = x.read(place), y.overwrite(place)
        self._draw(self.left.overwrite(Place.HOST), generator)
        self.owner.xp.multiply(xs, self.left.read(place), out=ys)

    def _draw(self, mask: np.ndarray, generator: np.random.Generator) -> None:
        """0 and ``rate``, the same whatever order x is in."""
        draws = np.frombuffer(generator.bytes(2 * mask.size), np.uint16)
        kept = draws >= self.threshold
        np.multiply(kept.reshape(mask.shape), mask.dtype.type(self.rate), out=mask)

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        place = follow(self, dy)
        assert self.left is not None, "backward before forward"
        self.owner.xp.multiply(dy.read(place), self.left.read(place), out=dx.overwrite(place))

    def seek(self, generator: np.random.Generator) -> None:
        """Nothing to do: draws are made on the host, which no recording holds."""
