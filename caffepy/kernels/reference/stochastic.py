"""Stochastic pooling (Zeiler and Fergus 2013), which no library has."""

from __future__ import annotations

from typing import Any

from caffepy.core.memory import Array
from caffepy.kernels.reference.windows import Windows


class Stochastic:
    """Draws one cell of each window with probability x / sum of x, or takes the mean so weighed.

    The input is not negative, as after a ReLU. A window of zeros alone gives zero.
    """

    def __init__(self, xp: Any, windows: Windows) -> None:
        self.xp = xp
        self.windows = windows
        self.chosen: Array = None  # the cell drawn in each window

    def forward(self, x: Array, draws: Array | None) -> Array:
        """y (N, C, out...) from x; ``draws`` in [0, 1), of y's shape, or None for the mean."""
        xp, shape = self.xp, (*x.shape[:2], *self.windows.out)
        cells = self.windows.im2col(xp, x)  # (N, C, cells, windows)
        if draws is None:
            total = cells.sum(axis=2)
            mean = (cells * cells).sum(axis=2) / xp.where(total > 0, total, 1)
            return xp.where(total > 0, mean, 0).reshape(shape)
        running = cells.cumsum(axis=2)
        threshold = draws.reshape(running[:, :, -1].shape) * running[:, :, -1]
        # above, not at, the threshold: a cell of zero is never drawn beside one that is not
        self.chosen = (running > threshold[:, :, None]).argmax(axis=2)[:, :, None]
        return xp.take_along_axis(cells, self.chosen, axis=2).reshape(shape)

    def backward(self, x: Array, dy: Array) -> Array:
        """dx: dy at the cell drawn; or of the mean y = sum x^2 / sum x, dy (2 x - y) / sum x."""
        xp = self.xp
        cells = self.windows.im2col(xp, x)
        dys = dy.reshape(*cells.shape[:2], 1, cells.shape[3])
        if self.chosen is not None:
            index = xp.arange(cells.shape[2])[:, None]
            columns = dys * (index == self.chosen)
        else:
            total = cells.sum(axis=2, keepdims=True)
            safe = xp.where(total > 0, total, 1)
            mean = (cells * cells).sum(axis=2, keepdims=True) / safe
            columns = xp.where(total > 0, dys * (2 * cells - mean) / safe, 0)
        return self.windows.col2im(xp, columns.astype(x.dtype), x.shape)
