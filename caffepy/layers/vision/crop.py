"""Crop: the part of x that has the size of a reference blob, from ``offset`` on.

bottom  x, N x C x H x W or of any other shape; the reference, whose size alone counts
top     y: the axes of x before ``axis``, and from there on those of the reference
param   crop_param { axis: 2 offset: 0 }; one offset for all axes from ``axis`` on, or one each
        crop_param { align: true }: the offset that lines both up, found by the net (core.crops)
V1      CROP

Only forks of 2015 had V1's CROP; it means align: true, and so does RCF's type AutoCrop.
dx is dy in the part, else 0. No gradient flows to the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core import coords
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.common._axis import axis_of

ALWAYS = "AutoCrop"  # RCF's name for a Crop of the forks' meaning


@register("Crop", v1="CROP", param="crop_param", aliases=(ALWAYS,))
class Crop(Layer):
    bottoms = "2"
    labels = (1,)
    keeps = ()
    recordable = True
    obeys = ("crop_param.align",)

    @classmethod
    def lines_up(cls, spec: Any) -> bool | None:
        return bool(spec.type == ALWAYS or spec.crop_param.align)

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.cropped(spec.crop_param.axis, list(spec.crop_param.offset) or 0)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, reference = bottom
        axis = axis_of(self, x, self.p.axis)
        cropped = x.ndim - axis
        offsets = tuple(self.p.offset) or (0,)
        if len(offsets) == 1:
            offsets *= cropped
        if len(offsets) != cropped or reference.ndim != x.ndim:
            self.fail("there must be one offset, or one for each axis cropped, and both bottoms "
                      "must have as many axes", kind=ShapeError,
                      found=f"offsets {offsets} for shapes {x.shape} and {reference.shape} "
                      f"from axis {axis} on")
        part = [slice(None)] * axis
        for i, offset in enumerate(offsets, axis):
            end = offset + reference.shape[i]
            if end > x.shape[i]:
                self.fail(f"the part to crop ends outside of the bottom on axis {i}",
                          kind=ShapeError, found=f"offset {offset} and size "
                          f"{reference.shape[i]}", allowed=f"no more than {x.shape[i]} together")
            part.append(slice(offset, end))
        self.part = tuple(part)
        top[0].reshape(*x.shape[:axis], *reference.shape[axis:])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        place = self.follow(bottom[0].values)
        top[0].values.overwrite(place)[...] = bottom[0].values.read(place)[self.part]

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            place = self.follow(top[0].grads)
            dx = bottom[0].grads.overwrite(place)
            dx[...] = 0
            dx[self.part] = top[0].grads.read(place)
