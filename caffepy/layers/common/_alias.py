"""Base of the layers whose top is their bottom in another shape (Flatten, Reshape, Gather)."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape


class Alias(Layer):
    """Values and gradients of the top are the bottom's memory, so nothing is computed."""

    keeps = ()
    recordable = True
    works_in_half = True

    def top_shape(self, x: Blob) -> Shape:
        """The top's shape for the bottom."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(self.top_shape(bottom[0]))
        top[0].share_values(bottom[0])
        top[0].share_grads(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass


class Same(Alias):
    """Each top is a bottom."""

    bottoms = "1+"
    tops = "= bottoms"
    same_place = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        for x, y in zip(bottom, top, strict=True):
            super().reshape([x], [y])

    def top_shape(self, x: Blob) -> Shape:
        return x.shape
