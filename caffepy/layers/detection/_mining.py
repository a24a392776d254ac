"""Which priors a detector is trained on: of the many that stand for nothing, the hardest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.core.memory import Array
from caffepy.layers.detection import _boxes
from caffepy.proto import caffe_pb2

PARAM = caffe_pb2.MultiBoxLossParameter
LEAST_AREA = 1e-5  # smaller boxes are passed over in suppression
MOST_LOSS = -float(np.log(np.finfo(np.float32).tiny))


def softmax(scores: Array) -> Array:
    """Probabilities along the last axis."""
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def confidence_losses(scores: Array, targets: Array, logistic: bool) -> Array:
    """The loss of each row of scores.

    Args:
        targets: the class of each row; or, if ``logistic``, its targets in the shape of scores.
    """
    if logistic:
        losses = np.maximum(scores, 0) - scores * targets + np.log1p(np.exp(-np.abs(scores)))
        return losses.sum(-1)
    top = scores.max(-1)
    right = np.take_along_axis(scores, targets[:, None], -1)[:, 0]
    losses = np.log(np.exp(scores - top[:, None]).sum(-1)) + top - right
    return np.minimum(losses, MOST_LOSS)


def hardest(p: Any, found: Array, best: Array, losses: Array, objects: Array | None,
            boxes: Callable[[], Array]) -> tuple[Array, Array]:
    """The priors of one image to train on: those that stand for an object, and others.

    Args:
        p: a MultiBoxLossParameter.
        found, best: of ``_boxes.match``.
        losses: how wrong the net is about each prior.
        objects: RefineDet's: the first stage's probability of an object, or None.
        boxes: gives the boxes to suppress neighbours by, if it comes to that.
    """
    positive = found > -1
    if p.mining_type == PARAM.HARD_EXAMPLE:
        open_ = np.ones(len(found), bool)
    else:
        open_ = (found == -1) & (best < p.neg_overlap)
    if objects is not None:
        open_ &= objects >= p.objectness_score
    index = np.flatnonzero(open_)
    if p.mining_type == PARAM.HARD_EXAMPLE:
        count = p.sample_size
    else:  # in float32, as there
        count = int(np.float32(positive.sum()) * np.float32(p.neg_pos_ratio))
    count = min(count, len(index))
    if p.HasField("nms_param") and p.nms_param.nms_threshold > 0:
        # a top_k that is not given is 0 there
        order = index[_boxes.best_first(losses[index], p.nms_param.top_k)]
        given = boxes()[order]
        large = _boxes.areas(given) >= LEAST_AREA
        order, given = order[large], given[large]
        index = order[_boxes.suppress(given, p.nms_param.nms_threshold)]
        chosen = index[:count]
    else:
        chosen = index[_boxes.best_first(losses[index], count)]
    if p.mining_type == PARAM.HARD_EXAMPLE:
        is_chosen = np.zeros(len(found), bool)
        is_chosen[chosen] = True
        positive &= is_chosen
        chosen = chosen[found[chosen] == -1]
    return np.flatnonzero(positive), chosen
