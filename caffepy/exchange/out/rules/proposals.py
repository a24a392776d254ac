"""Proposal: regions that are most likely objects, by NonMaxSuppression."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.exchange.out import reasons
from caffepy.exchange.out.rules.boxes import NOBODY, moved, numbered, ranked, suppressed
from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import NotInONNX, rule

REACH = np.array([0, 0, 1, 1], np.float32)  # boxes are pixels, and end where the last one ends
STAND_IN = "rpn.proposal_layer"  # caffepy's own module in the place of py-faster-rcnn's


@dataclass
class Proposals:
    """What is proposed.

    Attributes:
        anchors: of the first cell, A x 4; each cell is ``stride`` pixels.
        least: of a box's sides, in pixels of the picture as it was.
        before, after: how many boxes are looked at, and remain, at most.
        threshold: what a better box may cover of another that remains.
        small: whether boxes with smaller sides stay, with a score of 0.
    """

    anchors: Any
    stride: int
    least: float
    before: int
    after: int
    threshold: float
    small: bool


@rule("Proposal")
def proposal(step: Step) -> list[str]:
    p = step.p
    height, width, *by = step.split(step.reshape(step.bottoms[2], (-1, 1, 4)), [1] * 4, 2)
    asked = Proposals(step.layer.anchors, p.feat_stride, p.min_size, p.pre_nms_topn,
                      p.post_nms_topn, p.nms_thresh, True)
    rois, scores = _proposed(step, asked, height, width, step("Concat", *by[::-1], axis=2))
    return [rois, scores][: step.tops]


@rule("Python")
def python(step: Step) -> list[str]:
    """Faster R-CNN's layer, which its public nets name; other classes are their users' own."""
    layer = step.layer.instance
    module = sys.modules[type(layer).__module__]
    if not (module.__name__.endswith(STAND_IN) and module.__name__.startswith("caffepy.")):
        raise NotInONNX(reasons.USER)
    limits = module.cfg["TEST"]
    info = step.part(step.reshape(step.bottoms[2], (1, 1, -1)), 2, 0, 3)
    height, width, by = step.split(info, [1] * 3, 2)
    shape = step.shapes[0]
    every = shape[2] * shape[3] * len(layer.anchors)
    asked = Proposals(layer.anchors, layer.stride, limits.RPN_MIN_SIZE,
                      limits.RPN_PRE_NMS_TOP_N or every, limits.RPN_POST_NMS_TOP_N or every,
                      limits.RPN_NMS_THRESH, False)
    rois, scores = _proposed(step, asked, height, width, by)
    return [rois, step.unsqueeze(scores, [1])][: step.tops]


def _proposed(step: Step, asked: Proposals, height: str, width: str, by: str) -> tuple[str, str]:
    """Rois, K x 5, and their scores, K.

    Args:
        height, width: of the picture, N or 1 x 1 x 1.
        by: how much it was scaled, N or 1 x 1 x 1, or x 2: across, and down.
    """
    n, _, h, w = step.shapes[0]
    count = len(asked.anchors)
    step.fix(BATCH, SIZE)
    step.rows = 0
    # by cell, row by row, and within it by anchor
    objects = step.part(step.x, 1, count, 2 * count)
    scores = step.reshape(step("Transpose", objects, perm=[0, 2, 3, 1]), (n, -1))
    deltas = step.reshape(step.bottoms[1], (n, count, 4, h, w))
    deltas = step.reshape(step("Transpose", deltas, perm=[0, 3, 4, 1, 2]), (n, -1, 4))
    ends = step("Sub", step("Concat", width, height, width, height, axis=2), 1.0)
    boxes = _moved(step, deltas, _starts(asked, h, w))
    boxes = step("Min", step("Max", boxes, 0.0), ends)
    large = _large(step, boxes, step("Mul", by, float(asked.least)))
    if asked.small:
        scores = step("Mul", scores, step.floats(large))
    else:
        scores = step("Where", large, scores, NOBODY)

    most = min(asked.before, h * w * count)
    best, places = step.several("TopK", 2, scores, [most], axis=1)
    boxes = step.at(boxes, places)
    there = suppressed(step, step("Add", boxes, REACH), step.unsqueeze(best, [1]),
                       asked.threshold, None, asked.after)
    found = ranked(step, best, step("Squeeze", there, [1]), asked.after)

    box = step.at(boxes, found.places)
    image = numbered(step, found, n)
    rows = step.reshape(step("Concat", step.unsqueeze(image, [2]), box, axis=2), (-1, 5))
    who = step.reshape(found.there, [-1])
    return step.chosen(rows, who), step.chosen(step.reshape(found.scores, [-1]), who)


def _starts(asked: Proposals, h: int, w: int) -> Any:
    """The anchors of all cells."""
    shift = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1) * asked.stride
    return (asked.anchors + np.tile(shift, 2)[:, :, None]).reshape(-1, 4).astype(np.float32)


def _moved(step: Step, deltas: str, starts: Any) -> str:
    size = starts[:, 2:] + 1 - starts[:, :2]
    middle = (starts[:, :2] + starts[:, 2:] + 1) / 2
    return moved(step, deltas, step.value(middle), step.value(size))


def _large(step: Step, boxes: str, least: str) -> str:
    """Which boxes have both sides of at least that, N x boxes."""
    low, high = step.split(boxes, [2, 2], 2)
    large = step("GreaterOrEqual", step("Add", step("Sub", high, low), 1.0), least)
    wide, tall = step.split(large, [1, 1], 2)
    return step("Squeeze", step("And", wide, tall), [2])
