"""BatchReindex: picks items of a batch by their indices; y[i] = x[index[i]].

bottom  x, N x ...; index, M numbers from 0 to N - 1, in any order, with or without repetition
top     y, M x ...

dx is the sum of dy over the places where an item went.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._indices import indices


@register("BatchReindex")
class BatchReindex(Layer):
    bottoms = "2"
    labels = (1,)
    integers = {1: ("index", "Indices are whole numbers.")}
    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[1].ndim != 1:
            self.fail("the indices must be a blob of one axis", kind=ShapeError,
                      found=f"shape {bottom[1].shape}")
        top[0].reshape(bottom[1].shape[0], *bottom[0].shape[1:])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.index = indices(self, bottom[1], bottom[0].shape[0])
        self.overwrite(top[0].values)[...] = self.read(bottom[0].values)[self.index]

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            dx = self.overwrite(bottom[0].grads)
            dx[...] = 0
            self.xp.add.at(dx, self.index, self.read(top[0].grads))
