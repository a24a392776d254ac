"""Filter: lets through the items of a batch whose selector is not 0.

bottom  any number of x, N x ...; last the selector, N numbers
top     y for each x, M x ..., where M items are selected

dx is dy for the items selected, else 0. The tops change shape with the selector.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Filter")
class Filter(Layer):
    bottoms = "2+"
    tops = "1+"
    keeps = ()
    always_reshape = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if len(top) != len(bottom) - 1:
            self.fail("there must be one top for each bottom but the selector",
                      found=f"{len(bottom)} bottoms and {len(top)} tops")
        self.labels = (len(bottom) - 1,)
        self.index: np.ndarray | None = None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        *inputs, selector = bottom
        if selector.count != selector.shape[0]:
            self.fail("the selector must have one number for each item", kind=ShapeError,
                      found=f"shape {selector.shape}")
        for i, x in enumerate(inputs):
            if x.shape[:1] != selector.shape[:1]:
                self.fail(f"bottom {i} and the selector must have the same batch size",
                          kind=ShapeError, found=f"shapes {x.shape} and {selector.shape}")
        first = self.index is None
        self.index = np.flatnonzero(selector.values.read(Place.HOST))
        # at the first time there is no selector yet, and the layers above get the whole batch
        items = selector.shape[0] if first else len(self.index)
        for x, y in zip(inputs, top, strict=True):
            y.reshape(items, *x.shape[1:])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        for x, y in zip(bottom[:-1], top, strict=True):
            self.overwrite(y.values)[...] = self.read(x.values)[self._index()]

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        for x, y, wanted in zip(bottom[:-1], top, propagate_down[:-1], strict=True):
            if wanted:
                dx = self.overwrite(x.grads)
                dx[...] = 0
                dx[self._index()] = self.read(y.grads)

    def _index(self) -> Array:
        return self.xp.asarray(self.index)
