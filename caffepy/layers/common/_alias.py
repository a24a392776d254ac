"""Base of the layers whose top is their bottom in another shape (Flatten, Reshape)."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape
from caffepy.errors import ShapeError


class Alias(Layer):
    """Values and gradients of the top are the bottom's memory, so nothing is computed."""

    keeps = ()

    def top_shape(self, x: Shape) -> Shape:
        """The top's shape for the bottom's."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if top[0] is bottom[0]:
            self.fail("this layer cannot run in place, since a blob has one shape",
                      fix="Give its top a name of its own.")
        top[0].reshape(self.top_shape(bottom[0].shape))
        top[0].share_values(bottom[0])
        top[0].share_grads(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass

    def axis(self, shape: Shape, axis: int) -> int:
        """The axis counted from the front."""
        if not -len(shape) <= axis < len(shape):
            self.fail(f"the bottom has no axis {axis}", kind=ShapeError, found=f"shape {shape}",
                      allowed=f"{-len(shape)} to {len(shape) - 1}")
        return axis % len(shape)
