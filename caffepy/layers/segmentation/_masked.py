"""Layers that put pixels back where a pooling took them from."""

from __future__ import annotations

from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Shape
from caffepy.errors import DataError, ShapeError
from caffepy.layers.common._indices import indices


class Masked(Layer):
    """The last bottom of two is the second top of a MAX Pooling: h * W + w of each maximum."""

    labels = (1,)
    keeps: tuple[str, ...] = ("labels",)

    def check(self, bottom: Blobs) -> None:
        """An error if shapes do not fit."""
        x = bottom[0]
        if x.ndim != 4:
            self.fail("the bottom must have 4 axes (images, channels, height, width)",
                      kind=ShapeError, found=f"shape {x.shape}")
        if len(bottom) > 1 and bottom[1].shape != x.shape:
            self.fail("the mask must have one number for each of the bottom's", kind=ShapeError,
                      found=f"shapes {x.shape} and {bottom[1].shape}")

    def at(self, mask: Blob, size: Shape) -> tuple[Any, ...]:
        """Where each number of the bottom goes, in an array (N, C, height * width).

        Raises:
            DataError: the mask points outside.
        """
        try:
            places = indices(self, mask, size[0] * size[1])
        except DataError as error:
            error.fix = ("The top is smaller than what was pooled: upsample_h and upsample_w, or "
                         "unpool_h and unpool_w, say its size.")
            raise
        n, c, h, w = mask.shape
        xp = self.xp
        return xp.arange(n)[:, None, None], xp.arange(c)[:, None], places.reshape(n, c, h * w)

    def put(self, x: Array, top: Blob, at: tuple[Any, ...]) -> None:
        """Zeros, and x at its places."""
        y = self.overwrite(top.values)
        y[...] = 0
        n, c = y.shape[:2]
        y.reshape(n, c, -1)[at] = x.reshape(n, c, -1)

    def take(self, top: Blob, bottom: Blob, at: tuple[Any, ...]) -> None:
        """The gradient of what was put."""
        dy = self.read(top.grads)
        n, c = dy.shape[:2]
        self.overwrite(bottom.grads)[...] = dy.reshape(n, c, -1)[at].reshape(bottom.shape)
