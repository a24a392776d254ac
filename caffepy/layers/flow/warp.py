"""Warp: a picture as it is seen after a flow; what the flow is, two forks say differently.

bottom  the picture, N x C x H x W; the flow or the places, N x 2 x H x W, x and y in pixels
top     y, shape of the picture: bilinear samples of it
param   warp_param { coordinates: RELATIVE }, or ABSOLUTE

RELATIVE, PWC-Net's: y at (x, y) is the picture at (x + u, y + v), 0 where that lies outside of
0 to W - 1, 0 to H - 1. ABSOLUTE, LiteFlowNet's: y is the picture at the places given, which are a
flow and what a Grid says; pixels outside count as 0, so up to a pixel beyond the edge something is
seen. Neither fork has a message, so the net decides where none is written: ABSOLUTE where a Grid
was added to the second bottom, else RELATIVE, with a warning if the net has a Grid elsewhere.

Both get gradients. Where a place is a whole number the slope has a corner: RELATIVE takes the mean
of both sides (0 for one outside of the picture), ABSOLUTE the right and lower one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.flow._sampled import (
    Corners,
    corners,
    corners_of_all,
    mean_slopes,
    sample,
    slopes,
    spread,
)

logger = log.get(__name__)

THROUGH = ("Eltwise", "Split", "Concat", "Slice", "Power")  # what places pass on their way


@register("Warp", dialect="liteflow", param="warp_param")
class Warp(Layer):
    bottoms = "2"
    keeps = ("bottom",)
    obeys = ("warp_param.coordinates",)

    @classmethod
    def settle(cls, spec: Any, net: Any) -> None:
        p = spec.warp_param
        grids = [layer for layer in net.layer if layer.type == "Grid"]
        if p.HasField("coordinates") or len(spec.bottom) != 2:
            return
        added = bool(grids) and comes_of_a_grid(spec, net)
        p.coordinates = p.ABSOLUTE if added else p.RELATIVE
        if grids and not added:
            logger.warning(
                "layer '%s' (Warp) takes its second bottom for a flow, as PWC-Net, since no Grid "
                "was added to it, though the net has one. If it holds places, as in LiteFlowNet: "
                "warp_param { coordinates: ABSOLUTE }.", spec.name)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, flow = bottom[0].shape, bottom[1].shape
        if len(shape) != 4 or flow != (shape[0], 2, *shape[2:]):
            self.fail("the second bottom must have two numbers for each pixel of the first",
                      kind=ShapeError, found=f"shapes {shape} and {flow}",
                      allowed="N x C x H x W and N x 2 x H x W")
        self.absolute = self.p.coordinates == self.p.ABSOLUTE
        top[0].reshape(shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.at = self.places(bottom)
        picture = self.read(bottom[0].values)
        self.overwrite(top[0].values)[...] = sample(self.xp, picture, self.at)

    def places(self, bottom: Blobs) -> Corners:
        """Where the samples lie."""
        xp, at = self.xp, self.read(bottom[1].values)
        height, width = bottom[0].shape[2:]
        if self.absolute:
            return corners_of_all(xp, at[:, 0], at[:, 1], height, width)
        x: Array = xp.arange(width) + at[:, 0]
        y: Array = xp.arange(height)[:, None] + at[:, 1]
        inside = (x <= width - 1) & (y <= height - 1)
        return corners(xp, xp.where(inside, x, -1), y, height, width)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp = self.xp
        dy, picture = self.read(top[0].grads), self.read(bottom[0].values)
        if propagate_down[0]:
            spread(xp, dy, self.at, picture.shape, self.overwrite(bottom[0].grads))
        if propagate_down[1]:
            dflow = self.overwrite(bottom[1].grads)
            by_places = slopes if self.absolute else mean_slopes
            dflow[:, 0], dflow[:, 1] = by_places(xp, picture, dy, self.at)


def comes_of_a_grid(spec: Any, net: Any) -> bool:
    """Whether a Grid is among what the second bottom of a layer was made of, by sums and parts."""
    wanted = {spec.bottom[1]}
    layers = list(net.layer)
    own = next(i for i, layer in enumerate(layers) if layer is spec or layer == spec)
    for layer in reversed(layers[:own]):
        if not wanted & set(layer.top):
            continue
        if layer.type == "Grid":
            return True
        wanted -= set(layer.top)
        if layer.type in THROUGH:
            wanted |= set(layer.bottom)
    return False
