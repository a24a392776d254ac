"""Layers over regions."""

from __future__ import annotations

import numpy as np

from fuzz.draw import Draw, Shape
from fuzz.layers import Bottom, Made, layer


def rois(draw: Draw, shape: Shape) -> np.ndarray:
    """Of two pictures, some of them beyond the map; neither their ends nor, for the scales and bins
    below, those of their bins are where the last bit decides."""
    start = 4 * draw.rng.integers(-2, 10, (shape[0], 2)) + 1
    size = 4 * draw.rng.integers(0, 15, (shape[0], 2))
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
    words = draw.pick(("", "pad_ratio: 0.25", "spatial_shift: 0.125"))
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
    if draw.chance():  # samples in the middles of halves and quarters
        return Made(f"roi_align_param {{ pooled_h: {draw.pick((1, 2, 4))} pooled_w: "
                    f"{draw.pick((1, 2, 4))} spatial_scale: {draw.pick((0.25, 0.125))} "
                    f"sampling_ratio: {draw.pick((1, 2, 4))} }}",
                    over_rois(draw, draw.channels(20)))
    return Made(f"roi_pooling_param {{ pooled_h: {draw.pick((1, 2))} pooled_w: {draw.pick((1, 2))} "
                f"spatial_scale: {draw.pick((0.25, 0.125))} }}", over_rois(draw, draw.channels(20)))


def steps(draw: Draw, shape: Shape) -> np.ndarray:
    """Moves of boxes by quarters of their size, which stays as it is."""
    moves = draw.rng.integers(-2, 3, shape) / 4
    moves.reshape(shape[0], -1, 4, *shape[2:])[:, :, 2:] = 0
    return moves.astype(np.float32)


def info(draw: Draw, shape: Shape) -> np.ndarray:
    return np.array([[90, 120, 1, 1]] * shape[0], np.float32)


@layer("Proposal")
def proposal(draw: Draw) -> Made:
    n, h, w = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 5)
    anchors = draw.integer(1, 4)
    scales = " ".join(f"scale: {8 << i}" for i in range(anchors))
    return Made(f"proposal_param {{ ratio: 1 {scales} min_size: 11 nms_thresh: 0.7123 "
                f"pre_nms_topn: {draw.integer(1, 60)} post_nms_topn: {draw.integer(1, 20)} }}",
                [Bottom((n, 2 * anchors, h, w), "normal", batch=None),
                 Bottom((n, 4 * anchors, h, w), steps, batch=None),
                 Bottom((n, 4), info, batch=None)],
                tops=draw.integer(1, 2), open=False, phases=("TEST",))


@layer("BoxAnnotatorOHEM")
def box_annotator_ohem(draw: Draw) -> Made:
    n = draw.integer(1, 9)
    return Made(f"box_annotator_ohem_param {{ roi_per_img: {draw.integer(1, 3)} }}",
                [Bottom((n, 5), rois), Bottom((n,), "normal"), Bottom((n,), "labels", 9),
                 Bottom((n, 4), "normal")], tops=2, open=False)
