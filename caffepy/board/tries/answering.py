"""What a net says of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.results.judged import probabilities
from caffepy.board.tries.nets import Ready
from caffepy.board.words import named
from caffepy.services.sheets.palette import painted

Array = NDArray[Any]

TOP = 5
CLASSES, BOXES, LABELS, NUMBERS = "classes", "boxes", "labels", "numbers"


@dataclass(frozen=True)
class Class:
    """One of the best.

    Attributes:
        share: its bar's length, 0 to 1.
    """

    label: int
    name: str
    score: float
    share: float


@dataclass(frozen=True)
class Object:
    """A box in shares of the picture's sides."""

    label: int
    name: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Answer:
    """Of one picture.

    Attributes:
        kind: CLASSES, BOXES, LABELS (one for each pixel) or NUMBERS.
        classes: the best, the first first.
        certain: whether their scores are probabilities.
        objects: the surest first.
        picture: of labels or numbers of pixels, H x W x 3 or H x W bytes.
        numbers: the output, where it is neither.
    """

    kind: str
    classes: tuple[Class, ...] = ()
    certain: bool = True
    objects: tuple[Object, ...] = ()
    picture: Array | None = None
    numbers: tuple[float, ...] = ()
    labels: tuple[tuple[int, str, float], ...] = ()


def ask(ready: Ready, planes: Array, crops: bool = False) -> Answer:
    """Show a picture, C x H x W bytes, to a net.

    Args:
        crops: take the mean over ten crops.
    """
    if ready.use.finds:
        height, width = planes.shape[1:]
        return Answer(BOXES, objects=tuple(
            Object(one.label, named(ready.names, one.label), one.score,
                   one.box[0] / width, one.box[1] / height, one.box[2] / width,
                   one.box[3] / height) for one in ready.objects(planes)))
    return of_output(ready.scores(planes, crops), ready.names)


def of_output(scores: Array, names: dict[int, str]) -> Answer:
    """The answer that a first output is, without the axis of the batch."""
    if scores.ndim == 3 and scores.shape[1] * scores.shape[2] > 1:
        return _dense(scores, names)
    flat = scores.reshape(-1).astype(np.float64)
    if flat.size < 2:
        return Answer(NUMBERS, numbers=tuple(flat.tolist()))
    certain = bool((flat >= -1e-6).all() and abs(flat.sum() - 1) < 1e-3)
    shares = flat if certain else probabilities(flat)
    order = np.argsort(-flat, kind="stable")[:TOP]
    return Answer(CLASSES, tuple(
        Class(int(i), named(names, int(i)), float(flat[i]), float(shares[i]))
        for i in order), certain)


def _dense(scores: Array, names: dict[int, str]) -> Answer:
    if len(scores) == 1:
        from caffepy.board.tries.maps import picture

        return Answer(NUMBERS, picture=picture(scores[0]))
    answer = scores.argmax(0)
    labels, counts = np.unique(answer, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:20]
    return Answer(LABELS, picture=painted(answer), labels=tuple(
        (int(labels[i]), named(names, int(labels[i])),
         float(counts[i] / answer.size)) for i in order))
