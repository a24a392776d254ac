"""Base of the layers that put numbers elsewhere and change none: y is x in another order."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array


class Moved(Layer):
    """A layer given by ``move`` and ``back``, each the other's inverse, and by its ``reshape``."""

    keeps = ()
    recordable = True

    def move(self, x: Array) -> Array:
        """y for x; a view will do."""
        raise NotImplementedError

    def back(self, y: Array) -> Array:
        """x for y."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        y = self.overwrite(top[0].values)
        y[...] = self.move(self.read(bottom[0].values)).reshape(y.shape)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dx = self.overwrite(bottom[0].grads)
        dx[...] = self.back(self.read(top[0].grads)).reshape(dx.shape)
