"""Which rois a batch takes, and what their boxes are to become (Fast R-CNN, Girshick, 2015)."""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Array
from caffepy.standins.fast_rcnn.config import Settings


def sampled(overlaps: Array, most: float, settings: Settings, generator: np.random.Generator
            ) -> tuple[Array, int]:
    """Drawn at random, which rois are taken, the foreground first; and how many of them that is.

    Args:
        overlaps: how far each roi overlaps the nearest object, (n,).
        most: how many at most, FG_FRACTION of them foreground; infinite for all.
    """
    count = np.round(settings.FG_FRACTION * most)
    foreground = _some(np.flatnonzero(overlaps >= settings.FG_THRESH), count, generator)
    low = (overlaps < settings.BG_THRESH_HI) & (overlaps >= settings.BG_THRESH_LO)
    background = _some(np.flatnonzero(low), most - len(foreground), generator)
    return np.concatenate([foreground, background]), len(foreground)


def spread(classes: Array, targets: Array, count: int, settings: Settings) -> tuple[Array, Array]:
    """Targets (n, 4) in the columns of their class, and inside weights, (n, 4 count) both.

    With AGNOSTIC there is one class of objects (R-FCN). Background, class 0, has no target.
    """
    wide, weights = np.zeros((2, len(classes), count, 4), np.float32)
    rows = np.flatnonzero(classes > 0)
    columns = np.minimum(classes[rows], 1) if settings.AGNOSTIC else classes[rows]
    wide[rows, columns.astype(int)] = targets[rows]
    weights[rows, columns.astype(int)] = settings.BBOX_INSIDE_WEIGHTS
    return wide.reshape(len(classes), -1), weights.reshape(len(classes), -1)


def shaped(shape: tuple[int, ...], settings: Settings) -> tuple[int, ...]:
    """The shape that a top has with these settings: R-FCN's give rois and what goes with them, (R,)
    or (R, c), four axes, which its layers for hard examples hold against each other."""
    rfcn = settings.AGNOSTIC or settings.BATCH_SIZE == -1
    return (*shape, 1, 1, 1)[:4] if rfcn else shape


def _some(those: Array, most: float, generator: np.random.Generator) -> Array:
    return generator.choice(those, int(min(most, len(those))), replace=False)
