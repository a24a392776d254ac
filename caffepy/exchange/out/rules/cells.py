"""The boxes that YOLO's grids see: decoded by cell, suppressed across classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.exchange.out.rules.boxes import ranked, rows_of, suppressed
from caffepy.exchange.out.step import BATCH, SIZE, Step
from caffepy.exchange.out.table import rule

Candidates = tuple[str, str, str]  # boxes, M x 4; scores and classes, M


@rule("YoloDetectionOutput")
def yolo(step: Step) -> str:
    """Each box is of its best class; one at the threshold counts."""
    least = float(np.nextafter(np.float32(step.p.confidence_threshold), np.float32(-1)))
    return _rows(step, [_best(step, i) for i in range(len(step.bottoms))], least)


@rule("Yolov3DetectionOutput")
def yolov3(step: Step) -> str:
    """Each class of a box is a box of its own."""
    found = [_each(step, i) for i in range(len(step.bottoms))]
    return _rows(step, found, step.p.confidence_threshold)


def _best(step: Step, index: int) -> Candidates:
    where, sizes, objects, classes = _parts(step, index)
    boxes = _boxes(step, where, sizes, step.shapes[index], step.layer.anchors, 1.0)
    shares = step("Softmax", classes, axis=2)
    scores = step("Mul", step("Sigmoid", objects), step.reduce("ReduceMax", shares, [2]))
    best = step.floats(step("ArgMax", shares, axis=2))
    return (_last(step, boxes, 4), step.reshape(scores, [-1]), step.reshape(best, [-1]))


def _each(step: Step, index: int) -> Candidates:
    layer, count = step.layer, step.p.num_classes
    n, _, h, w = step.shapes[index]
    where, sizes, objects, classes = _parts(step, index)
    boxes = _boxes(step, where, sizes, step.shapes[index], layer.anchors[index],
                   layer.p.anchors_scale[index])
    scores = step("Mul", step("Sigmoid", objects), step("Sigmoid", classes))
    spread = step("Expand", step.unsqueeze(boxes, [2]), np.array([1, 1, count, 1, 1, 1]))
    labels = np.arange(count).reshape(1, 1, -1, 1, 1) + np.zeros((n, step.p.num_box, 1, h, w))
    return (step.reshape(step("Transpose", spread, perm=[0, 1, 2, 4, 5, 3]), (-1, 4)),
            step.reshape(scores, [-1]), step.value(labels.reshape(-1)))


def _parts(step: Step, index: int) -> list[str]:
    """Place, size, objectness and classes of each box, N x boxes x ... x H x W."""
    n, _, h, w = step.shapes[index]
    classes = step.p.num_classes
    x = step.reshape(step.bottoms[index], (n, step.p.num_box, 5 + classes, h, w))
    return step.split(x, [2, 2, 1, classes], 2)


def _boxes(step: Step, where: str, sizes: str, shape: tuple[int, ...], anchors: Any, scale: float
           ) -> str:
    """Four sides as shares of the picture, N x boxes x 4 x H x W."""
    h, w = shape[2:]
    cells = np.stack(np.meshgrid(np.arange(w), np.arange(h))).astype(np.float32)
    pixels = np.array([w, h], np.float32).reshape(2, 1, 1)
    centre = step("Div", step("Add", step("Sigmoid", where), cells), pixels)
    unit = np.asarray(anchors).reshape(1, -1, 2, 1, 1) / (pixels * scale)
    half = step("Mul", step("Exp", sizes), unit / 2)
    return step("Concat", step("Sub", centre, half), step("Add", centre, half), axis=2)


def _last(step: Step, value: str, width: int) -> str:
    """N x boxes x width x H x W as rows."""
    return step.reshape(step("Transpose", value, perm=[0, 1, 3, 4, 2]), (-1, width))


def _rows(step: Step, found: list[Candidates], least: float) -> str:
    """All candidates, the best first, as one image's."""
    step.fix(BATCH, SIZE)
    step.rows = 2
    boxes, scores, labels = (
        parts[0] if len(parts) == 1 else step("Concat", *parts, axis=0)
        for parts in zip(*found, strict=True))
    count = step("Shape", scores)
    best, places = step.several("TopK", 2, scores, count, axis=0)
    boxes, labels = (step("Gather", each, places, axis=0) for each in (boxes, labels))
    boxes, best = step.unsqueeze(boxes, [0]), step.unsqueeze(best, [0])
    most = sum(int(np.prod(shape)) for shape in step.shapes)
    there = suppressed(step, boxes, step.unsqueeze(best, [1]), step.p.nms_threshold, least, most)
    kept = ranked(step, best, step("Squeeze", there, [1]), most)
    return rows_of(step, kept, boxes, step("Add", labels, 1.0), step.shapes[0][0])
