"""Layers over regions."""

from __future__ import annotations

import numpy as np

from fuzz.draw import Draw, Shape
from fuzz.layers import Bottom, Made, layer


def rois(draw: Draw, shape: Shape) -> np.ndarray:
    """Of two pictures, in quarters of a cell, some of them beyond the map; none is on an edge."""
    start = draw.rng.integers(-8, 40, (shape[0], 2))
    size = draw.rng.integers(1, 60, (shape[0], 2))
    image = draw.rng.integers(0, 2, (shape[0], 1))
    return np.hstack([image, start, start + size]).astype(np.float32)


def over_rois(draw: Draw, channels: int) -> list[Bottom]:
    """A map of two pictures, and some rois."""
    x = (2, channels, draw.integer(1, 9), draw.integer(1, 9))
    return [Bottom(x, batch=None), Bottom((draw.integer(1, 6), 5), rois)]


# bins are halves and quarters of regions, whose edges are exact in any number type
SIZES = (1, 2, 4, 8)


@layer("ROIPooling")
def roi_pooling(draw: Draw) -> Made:
    words = draw.pick(("", "pad_ratio: 0.25", "spatial_shift: 0.25"))
    return Made(f"roi_pooling_param {{ pooled_h: {draw.pick(SIZES)} pooled_w: {draw.pick(SIZES)} "
                f"spatial_scale: {draw.pick((0.25, 0.125))} {words} }}",
                over_rois(draw, draw.channels(20)))


@layer("PSROIPooling")
def psroi_pooling(draw: Draw) -> Made:
    group, outputs = draw.pick(SIZES[:3]), draw.integer(1, 3)
    return Made(f"psroi_pooling_param {{ spatial_scale: {draw.pick((0.25, 0.125))} "
                f"output_dim: {outputs} group_size: {group} }}",
                over_rois(draw, outputs * group**2))


@layer("ROIAlign")
def roi_align(draw: Draw) -> Made:
    return Made(f"roi_pooling_param {{ pooled_h: {draw.pick(SIZES)} pooled_w: {draw.pick(SIZES)} "
                f"spatial_scale: {draw.pick((0.25, 0.125))} "
                f"{draw.pick(('', 'pad_ratio: 0.25'))} }}", over_rois(draw, draw.channels(20)))
