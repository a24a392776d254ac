"""What detectors share: areas of boxes, how far they overlap, how they are written relative to
priors, which are suppressed by better ones, and which prior stands for which box.

Boxes are arrays of four columns, xmin, ymin, xmax, ymax, in shares of the image, of NumPy: these
layers work on the CPU.
"""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Array, Shape
from caffepy.layers.common._survivors import survivors
from caffepy.proto import caffe_pb2

CORNER, CENTER_SIZE, CORNER_SIZE = (
    caffe_pb2.PriorBoxParameter.CodeType.Value(name)
    for name in ("CORNER", "CENTER_SIZE", "CORNER_SIZE")
)
LEAST_OVERLAP = 1e-6  # what overlaps less does not overlap


def areas(boxes: Array, pixel: int = 0) -> Array:
    """The area of each box, 0 for one that is turned inside out.

    Args:
        pixel: 1 for boxes in pixels, which their last column and row belong to.
    """
    sides = boxes[..., 2:] - boxes[..., :2]
    return np.where((sides < 0).any(-1), 0, (sides + pixel).prod(-1))


def overlaps(one: Array, other: Array, pixel: int = 0) -> Array:
    """The area that two boxes share over that which they cover together.

    Args:
        one, other: boxes; leading axes are broadcast: ``one[:, None]`` and ``other`` give a table.
    """
    low = np.maximum(one[..., :2], other[..., :2])
    sides = np.minimum(one[..., 2:], other[..., 2:]) - low
    apart = (sides < 0).any(-1)
    # boxes in pixels that lie apart share one, as in SSD's source
    shared = np.where(apart, pixel, (sides + pixel).prod(-1))
    covered = areas(one, pixel) + areas(other, pixel) - shared
    return np.divide(shared, covered, out=np.zeros_like(covered), where=shared > 0)


def sizes(boxes: Array) -> Array:
    """Widths and heights."""
    return boxes[..., 2:] - boxes[..., :2]


def encode(boxes: Array, priors: Array, variances: Array | None, code: int) -> Array:
    """What a net should predict for each prior, so that ``decode`` gives the box.

    Args:
        variances: of each prior, None if predictions are not divided by them.
        code: a PriorBoxParameter.CodeType.
    """
    if code == CENTER_SIZE:
        size = sizes(priors)
        offset = (boxes[..., :2] + boxes[..., 2:] - priors[..., :2] - priors[..., 2:]) / 2 / size
        made = np.concatenate([offset, np.log(sizes(boxes) / size)], -1)
    else:
        made = boxes - priors
        if code == CORNER_SIZE:
            made = made / np.concatenate([sizes(priors)] * 2, -1)
    return made if variances is None else made / variances


def decode(loc: Array, priors: Array, variances: Array | None, code: int) -> Array:
    """The boxes that predictions stand for; see ``encode``."""
    if variances is not None:
        loc = loc * variances
    if code == CENTER_SIZE:
        size = sizes(priors)
        center = loc[..., :2] * size + (priors[..., :2] + priors[..., 2:]) / 2
        half = np.exp(loc[..., 2:]) * size / 2
        return np.concatenate([center - half, center + half], -1)
    if code == CORNER_SIZE:
        loc = loc * np.concatenate([sizes(priors)] * 2, -1)
    return priors + loc


def best_first(scores: Array, most: int = -1) -> Array:
    """The indices of the ``most`` highest scores, of equal ones the first; all if it is below 0."""
    if not 0 < most < len(scores) // 4:
        order = np.argsort(-scores, kind="stable")
        return order[:most] if most >= 0 else order
    least = np.partition(scores, len(scores) - most)[len(scores) - most]
    some = np.flatnonzero(scores >= least)  # a sort of all takes ten times as long
    return some[np.argsort(-scores[some], kind="stable")[:most]]


def suppress(boxes: Array, threshold: float, eta: float = 1.0, most: int = -1) -> list[int]:
    """Which boxes remain, where the best come first: those that overlap no better one that remains
    by more than ``threshold``.

    Args:
        eta: below 1, the threshold shrinks by it with each that remains, down to about 0.5.
        most: how many are to remain, the best; all if it is below 0.
    """
    there = np.ones((1, len(boxes)), bool)
    limit = most if most >= 0 else None
    return list(map(int, np.flatnonzero(
        suppress_each(boxes[None], there, threshold, eta, limit)[0])))


def suppress_each(boxes: Array, there: Array, threshold: float, eta: float = 1.0,
                  most: int | None = None) -> Array:
    """The same of many sets of boxes, as a mask (sets, boxes).

    Args:
        boxes: (sets, boxes, 4), in each set the best first.
        there: which of them are boxes at all, (sets, boxes).
        most: how many are to remain of each set, the best; None for all.
    """
    columns = np.stack([*np.moveaxis(boxes, -1, 0), areas(boxes)])
    if eta == 1 or threshold <= 0.5:
        return survivors(columns, there, lambda box, other: ~(_common(box, other) <= threshold),
                         most)
    remain = np.zeros(there.shape, bool)
    for one, those, kept in zip(columns.swapaxes(0, 1), there, remain, strict=True):
        limit, left = threshold, np.flatnonzero(those)
        worst = np.zeros(len(left), boxes.dtype)  # how far a box overlaps one of those kept
        while len(left) and kept.sum() != most:
            kept[left[0]] = True
            limit *= eta if limit > 0.5 else 1
            np.maximum(worst, _common(one[:, left[:1]], one[:, left]), out=worst)
            free = worst <= limit
            free[0] = False
            left, worst = left[free], worst[free]
    return remain


def _common(box: Array, other: Array) -> Array:
    """``overlaps`` of boxes that are given as four sides and an area; for speed."""
    shared = np.minimum(box[2], other[2])
    shared -= np.maximum(box[0], other[0])
    down = np.minimum(box[3], other[3])
    down -= np.maximum(box[1], other[1])
    np.maximum(shared, 0, out=shared)
    shared *= np.maximum(down, 0, out=down)
    covered = box[4] + other[4]
    covered -= shared
    np.maximum(covered, np.finfo(covered.dtype).tiny, out=covered)
    shared /= covered
    return shared


def match(table: Array, threshold: float | None, left_out: Array | None = None
          ) -> tuple[Array, Array]:
    """Which ground truth each prior stands for.

    First the pairs that overlap most, each box once, then each other prior takes the box that it
    overlaps most.

    Args:
        table: overlaps, priors by ground truth.
        threshold: what the others must overlap by at least; None: they take none.
        left_out: priors that take no part, as a mask.

    Returns: per prior the box's index, -1 for none, -2 if it takes no part; and how far it overlaps
        the box, or the nearest.
    """
    table = np.where(table > LEAST_OVERLAP, table, 0)
    if left_out is not None:
        table[left_out] = 0
    best = table.max(1, initial=0)
    found = np.full(len(table), -1)
    if left_out is not None:
        found[left_out] = -2
    open_pairs = table.copy()
    for _ in range(table.shape[1]):
        prior, box = np.unravel_index(int(open_pairs.argmax()), open_pairs.shape)
        if open_pairs[prior, box] <= 0:
            break
        found[prior], best[prior] = box, open_pairs[prior, box]
        open_pairs[prior], open_pairs[:, box] = 0, 0
    if threshold is not None and table.shape[1]:
        others = (found == -1) & (best >= threshold) & (best > 0)
        found[others] = table[others].argmax(1)
    return found, best


def outside(boxes: Array) -> Array:
    """Which coordinates leave the image."""
    return (boxes < 0) | (boxes > 1)


def priors_of(blob_values: Array) -> tuple[Array, Array]:
    """A PriorBox's top as boxes and variances, one row each."""
    boxes, variances = blob_values.reshape(2, -1, 4)
    return boxes, variances


def too_few_priors(priors: int, locations: int) -> str | None:
    """What to do if there are half as many priors as predictions."""
    if locations != 2 * priors:
        return None
    return ("TextBoxes' own fork makes every prior twice, without a word: write "
            "denser_prior_boxes: true into each prior_box_param.")


def some_true_boxes(shape: Shape, images: int, classes: list[int], random: np.random.Generator
                    ) -> Array:
    """Rows as MultiBoxLoss's fourth bottom has them: as many of each image, a tenth to a half of it
    along each side."""
    count = math.prod(shape) // 8
    middle = random.uniform(0.25, 0.75, (count, 2))
    half = random.uniform(0.05, 0.25, (count, 2))
    return np.column_stack([
        np.arange(count) * images // max(count, 1), random.choice(classes, count),
        np.zeros(count), middle - half, middle + half, np.zeros(count)]).reshape(shape)
