"""Proposal: regions that are most likely objects, by NonMaxSuppression."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.out.rules.boxes import moved, ranked, suppressed
from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import rule

REACH = np.array([0, 0, 1, 1], np.float32)  # boxes are pixels, and end where the last one ends


@rule("Proposal")
def proposal(step: Step) -> list[str]:
    p, anchors = step.p, step.layer.anchors
    n, _, h, w = step.shapes[0]
    count = len(anchors)
    step.fix(BATCH, SIZE)
    step.rows = 0
    info = step.split(step.reshape(step.bottoms[2], (-1, 1, 4)), [1] * 4, 2)
    height, width, by_h, by_w = info

    # by cell, row by row, and within it by anchor
    objects = step.part(step.x, 1, count, 2 * count)
    scores = step.reshape(step("Transpose", objects, perm=[0, 2, 3, 1]), (n, -1))
    deltas = step.reshape(step.bottoms[1], (n, count, 4, h, w))
    deltas = step.reshape(step("Transpose", deltas, perm=[0, 3, 4, 1, 2]), (n, -1, 4))

    ends = step("Sub", step("Concat", width, height, width, height, axis=2), 1.0)
    boxes = _moved(step, deltas, _starts(anchors, h, w, p.feat_stride))
    boxes = step("Min", step("Max", boxes, 0.0), ends)
    low, high = step.split(boxes, [2, 2], 2)
    least = step("Mul", step("Concat", by_w, by_h, axis=2), float(p.min_size))
    large = step("GreaterOrEqual", step("Add", step("Sub", high, low), 1.0), least)
    wide, tall = step.split(large, [1, 1], 2)
    real = step("Squeeze", step("And", wide, tall), [2])
    scores = step("Mul", scores, step.floats(real))

    most = min(p.pre_nms_topn, h * w * count)
    best, places = step.several("TopK", 2, scores, [most], axis=1)
    boxes = step("GatherND", boxes, step.unsqueeze(places, [2]), batch_dims=1)
    there = suppressed(step, step("Add", boxes, REACH), step.unsqueeze(best, [1]), p.nms_thresh,
                       None, p.post_nms_topn)
    found = ranked(step, best, step("Squeeze", there, [1]), p.post_nms_topn)

    box = step("GatherND", boxes, step.unsqueeze(found.places, [2]), batch_dims=1)
    image = step("Add", step("Mul", found.scores, 0.0), np.arange(n, dtype=np.float32)[:, None])
    rows = step.reshape(step("Concat", step.unsqueeze(image, [2]), box, axis=2), (-1, 5))
    who = step.reshape(found.there, [-1])
    rois = step("Compress", rows, who, axis=0)
    if step.tops == 1:
        return [rois]
    return [rois, step("Compress", step.reshape(found.scores, [-1]), who, axis=0)]


def _starts(anchors: np.ndarray, h: int, w: int, stride: int) -> np.ndarray:  # type: ignore[type-arg]
    """The anchors of all cells."""
    shift = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1) * stride
    return (anchors + np.tile(shift, 2)[:, :, None]).reshape(-1, 4).astype(np.float32)


def _moved(step: Step, deltas: str, starts: np.ndarray) -> str:  # type: ignore[type-arg]
    size = starts[:, 2:] + 1 - starts[:, :2]
    middle = (starts[:, :2] + starts[:, 2:] + 1) / 2
    return moved(step, deltas, step.value(middle), step.value(size))
