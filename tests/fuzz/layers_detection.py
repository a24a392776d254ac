"""Layers of detectors."""

from __future__ import annotations

import math

import numpy as np

from fuzz.draw import Draw, Shape
from fuzz.layers import Bottom, Made, layer


class Given(Bottom):
    """A bottom of these numbers."""

    def __init__(self, numbers: np.ndarray) -> None:
        super().__init__(numbers.shape, "given", batch=None)
        self.numbers = numbers

    def values(self, draw: Draw, shape: Shape) -> np.ndarray:
        return self.numbers.astype(np.float32)


@layer("Permute")
def permute(draw: Draw) -> Made:
    shape = draw.shape()
    order = draw.rng.permutation(len(shape)).tolist()
    if len(shape) == 4 and draw.chance():
        order = [0, 2, 3, 1]
    order = order[: draw.integer(0, len(order))]
    words = " ".join(f"order: {axis}" for axis in order)
    first = [*order, *(axis for axis in range(len(shape)) if axis not in order)][0]
    return Made(f"permute_param {{ {words} }}", [Bottom(shape)], open=first == 0)


@layer("Normalize")
def normalize(draw: Draw) -> Made:
    n, c, h, w = draw.images()  # of one number its sign is left, and no gradient but rounding
    shape = (n, max(c, 3), h, w) if draw.chance(0.7) else (n, draw.integer(3, 30))
    if draw.kind in ("whole", "small"):  # of a pixel of zeros nothing but rounding is left
        draw.kind = "shifted"
    flags = [str(draw.chance()).lower() for _ in range(2)]
    return Made(f"norm_param {{ across_spatial: {flags[0]} channel_shared: {flags[1]} eps: 0.01 "
                f"scale_filler {{ type: 'constant' value: {draw.pick((1, 20))} }} }}",
                [Bottom(shape)], terms=math.prod(shape))


@layer("Normalize", "Normalize of happynear's layer")
def normalize_of_happynear(draw: Draw) -> Made:
    n, c, h, w = draw.images()  # of one channel its sign is left, and no gradient but rounding
    shape = (n, max(c, 3), h, w) if draw.chance(0.7) else (n, max(c, 3))
    if draw.kind in ("whole", "small"):
        draw.kind = "shifted"
    tops = draw.integer(1, 2)
    return Made(f"normalize_param {{ normalize_type: '{draw.pick(('L1', 'L2'))}' "
                f"bp_norm: {str(draw.chance()).lower()} }}", [Bottom(shape)], tops=tops)


def scene(draw: Draw, classes: int, locations: int = 1) -> tuple[list[Bottom], int]:
    """Locations, scores and priors, and how many images."""
    n, side = draw.integer(1, 3), draw.integer(1, 4)
    centre = (np.indices((side, side)).reshape(2, -1).T + 0.5) / side
    half = np.array([0.15, 0.2]) if draw.chance() else np.array([0.25, 0.2])
    boxes = np.concatenate([centre - half, centre + half], 1)
    priors = np.stack([boxes.reshape(-1), np.tile([0.1, 0.1, 0.2, 0.2], len(boxes))])
    return [Bottom((n, len(boxes) * locations * 4), "unit"),
            Bottom((n, len(boxes) * classes), "unit"), Given(priors[None])], n


@layer("PriorBox")
def prior_box(draw: Draw) -> Made:
    shape = draw.images()
    image = (shape[0], 3, draw.integer(20, 300), draw.integer(20, 300))
    small, large = sorted(draw.rng.choice(range(1, 200), 2, replace=False).tolist())
    more = draw.pick(("", f"max_size: {large}", "flip: false", "step: 7", "img_size: 90",
                      "denser_prior_boxes: true"))
    return Made(f"prior_box_param {{ min_size: {small} aspect_ratio: 2 {more} "
                f"clip: {str(draw.chance()).lower()} offset: {draw.pick((0.5, 0.25))} }}",
                [Bottom(shape, "unit"), Bottom(image, "unit")], open=False)


@layer("DetectionOutput")
def detection_output(draw: Draw) -> Made:
    classes = draw.integer(2, 5)
    bottoms, _ = scene(draw, classes)
    return Made(f"detection_output_param {{ num_classes: {classes} code_type: CENTER_SIZE "
                f"confidence_threshold: {draw.pick((-2, 0, 2))} keep_top_k: {draw.pick((-1, 7))} "
                f"nms_param {{ nms_threshold: {draw.pick((0.3, 0.5))} top_k: {draw.integer(1, 20)} "
                f"}} }}", bottoms, apart=True, open=False, phases=("TEST",))


def true_boxes(draw: Draw, images: int, classes: int) -> Given:
    count = draw.integer(1, 5)
    low = draw.rng.uniform(0, 0.6, (count, 2))
    high = low + draw.rng.uniform(0.1, 0.4, (count, 2))
    image = draw.rng.integers(0, images, (count, 1))
    label = draw.rng.integers(1, classes, (count, 1))
    zero = np.zeros((count, 1))
    return Given(np.concatenate([image, label, zero, low, high, zero], 1)[None, None])


@layer("MultiBoxLoss")
def multibox_loss(draw: Draw) -> Made:
    classes = draw.integer(2, 5)
    bottoms, n = scene(draw, classes)
    kinds = draw.pick(("SMOOTH_L1", "L2")), draw.pick(("SOFTMAX", "LOGISTIC"))
    return Made(f"multibox_loss_param {{ num_classes: {classes} code_type: "
                f"{draw.pick(('CORNER', 'CENTER_SIZE', 'CORNER_SIZE'))} "
                f"mining_type: {draw.pick(('NONE', 'MAX_NEGATIVE', 'HARD_EXAMPLE'))} "
                f"loc_loss_type: {kinds[0]} conf_loss_type: {kinds[1]} }}",
                [*bottoms, true_boxes(draw, n, classes)], apart=True, terms=2000)


@layer("DetectionEvaluate")
def detection_evaluate(draw: Draw) -> Made:
    classes, truth = 3, true_boxes(draw, 2, 3)
    rows = truth.numbers[0, 0]
    found = np.concatenate([rows[:, :2], draw.rng.random((len(rows), 1)), rows[:, 3:7] + 0.02], 1)
    return Made(f"detection_evaluate_param {{ num_classes: {classes} }}",
                [Given(found[None, None]), truth], apart=True, open=False, phases=("TEST",))


@layer("SmoothL1Loss")
def smooth_l1_loss(draw: Draw) -> Made:
    shape, count = draw.shape(), draw.pick((2, 4))
    return Made(f"smooth_l1_loss_param {{ sigma: {draw.pick((1, 3, 0.5))} }}",
                [Bottom(shape)] * count, terms=4000)


@layer("SmoothL1LossOHEM")
def smooth_l1_loss_ohem(draw: Draw) -> Made:
    shape = draw.images()
    return Made(f"loss_param {{ normalization: {draw.pick(('VALID', 'BATCH_SIZE', 'NONE'))} }}",
                [Bottom(shape)] * 2, tops=2, terms=4000)
