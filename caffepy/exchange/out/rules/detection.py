"""DetectionOutput by NonMaxSuppression: the same rows of 7 numbers, in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.exchange.out.rules.boxes import decoded, ranked, rows_of, suppressed
from caffepy.exchange.out.step import Step
from caffepy.exchange.out.table import NotInONNX, rule


@rule("DetectionOutput")
def detection_output(step: Step) -> str:
    """Of each class the top_k best go into NonMaxSuppression, each class of each image as an image
    of its own there; of what stays, the keep_top_k best of each image, by class and score."""
    layer, p = step.layer, step.p
    if p.nms_param.eta < 1:
        raise NotInONNX("nms_param.eta: NonMaxSuppression has one threshold for all")
    if layer.saved:
        step.told.append("the files of save_output_param are not written")
    step.rows = 2
    n, priors = step.shapes[0][0], step.node.bottoms[2].count // 8
    classes = [c for c in range(layer.classes) if c != p.background_label_id]
    scores = step.reshape(step.bottoms[1], (-1, priors, layer.classes))
    starts, variances = _priors(step)
    if not p.visualize and len(step.bottoms) > 3:
        scores, starts = _first_stage(step, scores, starts, variances, priors)
    boxes = _boxes(step, starts, variances, priors)

    scores = step("Gather", step("Transpose", scores, perm=[0, 2, 1]), classes, axis=1)
    most = min(priors, layer.top_k) if layer.top_k >= 0 else priors
    values, places = step.several("TopK", 2, scores, [most], axis=2)
    boxes = _taken(step, boxes, places, classes, most)
    threshold = None if np.isinf(layer.threshold) else layer.threshold
    there = suppressed(step, boxes, step.reshape(values, (-1, 1, most)), p.nms_param.nms_threshold,
                       threshold, most)
    every = len(classes) * most
    keep = p.keep_top_k if p.keep_top_k > -1 else every
    found = ranked(step, step.reshape(values, (-1, every)), step.reshape(there, (-1, every)), keep)
    return rows_of(step, found, step.reshape(boxes, (-1, every, 4)),
                   step.value(np.repeat(classes, most).astype(np.float32)), n)


def _priors(step: Step) -> tuple[str, Any]:
    """Boxes and variances, 1 x P x 1 x 4; variances None if they are in the predictions."""
    parts = step.split(step.reshape(step.bottoms[2], (2, -1, 1, 4)), [1, 1], 0)
    return parts[0], None if step.p.variance_encoded_in_target else parts[1]


def _boxes(step: Step, starts: str, variances: Any, priors: int) -> str:
    """N x P x L x 4, L the classes if locations are not shared, else 1."""
    loc = step.reshape(step.bottoms[0], (-1, priors, step.layer.loc_classes, 4))
    return decoded(step, loc, starts, variances, step.p.code_type)


def _first_stage(step: Step, scores: str, starts: str, variances: Any, priors: int
                 ) -> tuple[str, str]:
    """RefineDet's: what it holds for background, is; and where it moves the priors."""
    p = step.p
    objects = step.part(step.reshape(step.bottoms[3], (-1, priors, 2)), 2, 1, 2)
    background = np.eye(1, step.layer.classes)[None]
    scores = step("Where", step("Less", objects, p.objectness_score), background, scores)
    if len(step.bottoms) > 4:
        loc = step.reshape(step.bottoms[4], (-1, priors, 1, 4))
        starts = decoded(step, loc, starts, variances, p.code_type)
    return scores, starts


def _taken(step: Step, boxes: str, places: str, classes: list[int], most: int) -> str:
    """The boxes at these places for each class, (N classes) x most x 4."""
    if step.layer.loc_classes > 1:
        boxes = step("Gather", step("Transpose", boxes, perm=[0, 2, 1, 3]), classes, axis=1)
        picked = step("GatherND", boxes, step.unsqueeze(places, [3]), batch_dims=2)
    else:
        flat = step.reshape(places, (0, -1, 1))
        picked = step("GatherND", step("Squeeze", boxes, [2]), flat, batch_dims=1)
    return step.reshape(picked, (-1, most, 4))
