"""Axes by number, and what Concat and Slice share: the axis along which blobs are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core import coords
from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import Shape
from caffepy.errors import ShapeError
from caffepy.kernels.operations.concat import ConcatKernel, ConcatSpec


def axis_of(layer: Layer, blob: Blob, axis: int) -> int:
    """The blob's axis of that number, counted from the front; an error names the layer."""
    try:
        return blob.axis(axis)
    except ShapeError as error:
        raise error.at(layer.place_name) from None


class AlongAxis(Layer):
    """Joins parts to a whole, or the other way. With one part it is the whole's memory."""

    plans = (ConcatSpec,)
    keeps = ()
    recordable = True
    legacy = ""  # the older word for the axis, which cannot count from the end

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        own = cls.own(spec)
        return coords.along(getattr(own, cls.legacy) if own.HasField(cls.legacy) else own.axis)

    def cut_axis(self, blob: Blob) -> int:
        """The axis that the prototxt names, counted from the front."""
        p = self.p
        if p.HasField(self.legacy) and p.HasField("axis"):
            self.fail(f"either axis or {self.legacy}, not both")
        axis = getattr(p, self.legacy) if p.HasField(self.legacy) else p.axis
        return axis_of(self, blob, axis)

    def plan_parts(self, parts: Sequence[Blob], axis: int) -> ConcatKernel:
        """The kernel for parts of these shapes."""
        shapes: tuple[Shape, ...] = tuple(part.shape for part in parts)
        kernel: ConcatKernel = self.plan(ConcatSpec(shapes, axis, self.dtype.name))
        return kernel

    def alias(self, bottom: Blob, top: Blob) -> None:
        """The only top is the only bottom."""
        self.works_in_half = True
        top.share_values(bottom)
        top.share_grads(bottom)
