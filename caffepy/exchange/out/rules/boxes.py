"""What detectors' rules share: boxes made of predictions, suppressed, ranked, and as rows.

Nothing is known of how many remain until numbers are there, so candidates keep their places in
tables of fixed sizes with a mark of who is there, and are picked out at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.exchange.out.step import Step
from caffepy.proto import caffe_pb2

CORNER_SIZE, CENTER_SIZE = (caffe_pb2.PriorBoxParameter.CodeType.Value(name)
                            for name in ("CORNER_SIZE", "CENTER_SIZE"))
NOBODY = np.float32(-3e38)  # a score below all others
FAR = np.iinfo(np.int32).max  # a place behind all others


@dataclass
class Found:
    """Who remains of N rows of candidates, in the order of their places.

    Attributes:
        places: N x K, of the candidates; ``scores``: theirs; ``there``: which of the K are any.
    """

    places: str
    scores: str
    there: str


def decoded(step: Step, loc: str, priors: str, variances: Any, code: int) -> str:
    """The boxes that predictions stand for; all have four numbers along their last axis."""
    if variances is not None:
        loc = step("Mul", loc, variances)
    if code not in (CORNER_SIZE, CENTER_SIZE):
        return step("Add", priors, loc)
    low, high = step.split(priors, [2, 2], -1)
    size = step("Sub", high, low)
    if code == CORNER_SIZE:
        return step("Add", priors, step("Mul", loc, step("Concat", size, size, axis=-1)))
    middle = step("Mul", step("Add", low, high), 0.5)
    return moved(step, loc, middle, size)


def moved(step: Step, loc: str, middle: str, size: str) -> str:
    """Boxes of a middle and a size, moved by shares of the size and grown by their exponentials."""
    by, grow = step.split(loc, [2, 2], -1)
    centre = step("Add", step("Mul", by, size), middle)
    half = step("Mul", step("Mul", step("Exp", grow), size), 0.5)
    return step("Concat", step("Sub", centre, half), step("Add", centre, half), axis=-1)


def suppressed(step: Step, boxes: str, scores: str, threshold: float, least: float | None,
               most: int) -> str:
    """Which boxes remain in each set, as a mask of the scores' shape.

    Args:
        boxes: sets x K x 4; scores: sets x 1 x K.
        threshold: a better box that overlaps by more than this suppresses.
        least: scores must be above it; None for any.
        most: how many remain of each set at most.
    """
    optional = [] if least is None else [np.array([least], np.float32)]
    chosen = step("NonMaxSuppression", boxes, scores, [most],
                  np.array([min(threshold, 1.0)], np.float32), *optional)
    nobody = step("Expand", np.zeros(1), step("Shape", scores))
    ones = step("Expand", np.ones(1), step.part(step("Shape", chosen), 0, 0, 1))
    return step("Greater", step("ScatterND", nobody, chosen, ones), 0.5)


def ranked(step: Step, scores: str, there: str, most: int) -> Found:
    """The best of each row, N x K, put back into the order of their places."""
    scores = step("Where", there, scores, NOBODY)
    width = step.part(step("Shape", scores), 0, 1, 2)
    count = step("Min", width, np.array([most]))
    best, places = step.several("TopK", 2, scores, count, axis=1)
    places = step("Where", step("Greater", best, NOBODY), places, FAR)
    places = step.several("TopK", 2, places, count, axis=1, largest=0)[0]
    real = step("Less", places, FAR)
    places = step("Where", real, places, 0)
    return Found(places, step.at(scores, places), real)


def images(step: Step, of: str, count: int) -> str:
    """The numbers of images, N x 1.

    Args:
        of: a value with a row for each image, of which there are ``count`` at hand.
    """
    if not step.graph.dynamic:
        return step.value(np.arange(count, dtype=np.float32)[:, None])
    number = step("Squeeze", step.part(step("Shape", of), 0, 0, 1), [0])
    return step.unsqueeze(step.floats(step("Range", 0, number, 1)), [1])


def numbered(step: Step, found: Found, count: int) -> str:
    """The number of the image of each that remains, N x K."""
    return step("Add", step("Mul", found.scores, 0.0), images(step, found.scores, count))


def rows_of(step: Step, found: Found, boxes: str, labels: str, count: int) -> str:
    """1 x 1 x K x 7: image, label, score and box of who remains; if nobody does, a row of -1 for
    each image.

    Args:
        boxes: N x candidates x 4.
        labels: of the candidates of each image.
        count: of images, as there are at hand.
    """
    box = step.at(boxes, found.places)
    image = numbered(step, found, count)
    label = step("Gather", labels, found.places)
    first = [step.unsqueeze(each, [2]) for each in (image, label, found.scores)]
    rows = step.reshape(step("Concat", *first, box, axis=2), (-1, 7))
    rows = step.chosen(rows, step.reshape(found.there, [-1]))
    none = step("Pad", images(step, found.scores, count), [0, 0, 0, 6], -1.0)
    many = step.part(step("Shape", rows), 0, 0, 1)
    end = step("Where", step("Equal", many, [0]), step.part(step("Shape", none), 0, 0, 1), many)
    rows = step("Slice", step("Concat", rows, none, axis=0), [0], end, [0])
    return step.unsqueeze(rows, [0, 1])
