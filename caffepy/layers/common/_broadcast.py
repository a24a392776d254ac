"""What Scale and Bias share: an operand whose axes line up with the bottom's from ``axis`` on."""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of


class Broadcast(Layer):
    """The operand is a parameter blob, or the second bottom."""

    bottoms = "1-2"
    inplace = True
    same_place = True

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        p = cls.own(spec)
        return len(spec.bottom) == 1 and (p.axis, p.num_axes) == (1, 1)

    def operand_shape(self, bottom: Blobs) -> Shape:
        """The shape of a learned operand: ``num_axes`` axes of the bottom from ``axis`` on."""
        p, x = self.p, bottom[0]
        if p.num_axes == 0:
            return ()
        axis = axis_of(self, x, p.axis)
        end = x.ndim if p.num_axes < 0 else axis + p.num_axes
        if p.num_axes < -1 or end > x.ndim:
            self.fail("num_axes must be -1, or reach no further than the bottom's axes",
                      found=f"axis {p.axis}, num_axes {p.num_axes}, shape {x.shape}")
        return x.shape[axis:end]

    def align(self, bottom: Blobs, operand: Shape) -> int:
        """The axis of the bottom at which the axes of ``operand`` begin.

        Raises:
            ShapeError: it does not.
        """
        x = bottom[0]
        axis = axis_of(self, x, self.p.axis) if operand else 0
        if x.shape[axis : axis + len(operand)] != operand:
            self.fail("the operand does not line up with the bottom", kind=ShapeError,
                      found=f"shape {operand} at axis {axis} of shape {x.shape}")
        return axis

    def learned(self, bottom: Blobs, filler: Any) -> None:
        """Make the operand a parameter, unless it is the second bottom."""
        if len(bottom) == 1:
            self.add_blob(self.operand_shape(bottom), filler)
