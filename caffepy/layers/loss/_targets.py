"""Cross-entropy with targets of any kind: smoothed labels, probabilities, weights, hard examples.

The formulas and whose they are stand in softmax_with_loss.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import DataError, ShapeError
from caffepy.kernels.reference.softmax_loss import FLT_MIN
from caffepy.layers.loss._loss import VALID, Positions, class_labels, of_items, sample_weights

if TYPE_CHECKING:
    from caffepy.layers.loss._loss import Normalized

WORDS = ("loss_param.label_smoothing", "loss_param.soft_labels", "label_smooth_factor",
         "hard_ratio", "cutting_point", "hard_mining_label", "softmax_param.class_weight")
SUM = 1e-3  # how far from 1 the sum of soft labels may be


def cross_entropy(xp: Any, targets: Array, p: Array, least: float, axis: int) -> Array:
    """-sum of t log p over the axis, which stays with length 1; p is taken to be at least that."""
    return -(targets * xp.log(xp.maximum(p, least))).sum(axis, keepdims=True)


def slope(targets: Array, p: Array, axis: int) -> Array:
    """What the scores' gradient of ``cross_entropy`` is."""
    return cast("Array", p * targets.sum(axis, keepdims=True) - targets)


class Targets:
    """What a SoftmaxWithLoss learns, where that is more than the label's class.

    Args:
        layer: whose words say so.
        weighted: whether it has a third bottom.

    Attributes:
        asked: whether anything is asked that the plain loss does not do.
        losses: of each position, in the last forward, shape of ``Positions.one_label``.
    """

    def __init__(self, layer: Normalized, weighted: bool) -> None:
        self.layer, self.weighted = layer, weighted
        p, loss = layer.p, layer.spec.loss_param
        self.soft = bool(loss.soft_labels)
        self.intel, self.happynear = loss.label_smoothing, p.label_smooth_factor
        self.ratio = p.hard_ratio if p.HasField("hard_ratio") else 1.0
        self.cut = p.cutting_point if p.HasField("cutting_point") else 1.0
        self.mined = p.hard_mining_label if p.HasField("hard_mining_label") else None
        given = [("label_smoothing", self.intel), ("label_smooth_factor", self.happynear)]
        for name, value in given:
            if not 0 <= value < 1:
                layer.fail(f"{name} is a share", found=f"{value:g}",
                           allowed="at least 0 and below 1")
        if all(value for _, value in given):
            layer.fail("label_smoothing and label_smooth_factor exclude each other")
        if not 0 < self.ratio <= 1:
            layer.fail("hard_ratio is the share of the positions that count",
                       found=f"{self.ratio:g}", allowed="above 0, up to 1")
        if not 0 <= self.cut <= 1:
            layer.fail("cutting_point is a probability", found=f"{self.cut:g}", allowed="0 to 1")
        if self.soft and (layer.ignore_label is not None or self.cut < 1
                          or self.mined is not None):
            layer.fail("soft_labels have no class that ignore_label, hard_mining_label or "
                       "cutting_point could go by", fix="Take these out; a third bottom of weights "
                       "can leave positions out.")
        if p.class_weight and loss.weight_by_label_freqs:
            layer.fail("class_weight and weight_by_label_freqs exclude each other")
        self.asked = bool(self.soft or weighted or self.intel or self.happynear or self.ratio < 1
                          or self.cut < 1)

    def reshape(self, at: Positions, class_weights: tuple[float, ...] | None) -> None:
        """Fit the scores.

        Args:
            class_weights: one for each class, or None.
        """
        self.at = at
        if self.happynear and at.classes < 2:
            self.layer.fail("label_smooth_factor needs other classes than the label's",
                            found=f"{at.classes} class")
        # what t is at y = 1 and at y = 0
        share = self.happynear / (at.classes - 1) if self.happynear else self.intel / at.classes
        self.ends = 1 - self.intel - self.happynear, share
        weights = None
        if class_weights is not None:
            weights = self.layer.xp.asarray(class_weights, self.layer.dtype)
        self.class_weights = weights

    def forward(self, p: Array, bottom: Blobs) -> Any:
        """The loss, for the probabilities of all scores."""
        layer, at, xp = self.layer, self.at, self.layer.xp
        weights = sample_weights(
            layer, bottom, at.one_label, of_items(at.one_label)) if self.weighted else None
        if self.soft:
            y, label, counts = self._soft(bottom), None, None
        else:
            label, counts = class_labels(layer, bottom[1], at.classes, layer.ignore_label,
                                         at.one_label)
            classes = xp.arange(at.classes).reshape(-1, *[1] * (len(at.one_label) - 1 - at.axis))
            y = (classes == label).astype(p.dtype)
        on, off = self.ends
        t = (on - off) * y + off if (on, off) != (1, 0) else y
        for factor in (self._of_classes(label), weights, counts):
            t = t if factor is None else t * factor
        losses = cross_entropy(xp, t, p, FLT_MIN, at.axis)
        unsure = self._unsure(p, label)
        if unsure is not None:
            t, losses = t * unsure, losses * unsure
        hard = self._hard(losses, label)
        if hard is not None:
            t, losses = t * hard, losses * hard
        self.p, self.t, self.losses = p, t, losses
        self.divisor = self._divisor(weights, counts, hard)
        return losses.sum(dtype=np.float64) / self.divisor

    def backward(self, weight: Any) -> Array:
        """The scores' gradient."""
        return slope(self.t, self.p, self.at.axis) * (weight / self.divisor)

    def _of_classes(self, label: Array | None) -> Array | None:
        """What the weights of classes multiply targets with."""
        if self.class_weights is None:
            return None
        if label is not None:
            return self.class_weights[label]
        return self.class_weights.reshape(-1, *[1] * (len(self.at.one_label) - 1 - self.at.axis))

    def _unsure(self, p: Array, label: Array | None) -> Array | None:
        """Which positions cutting_point lets have a loss; None for all."""
        if self.cut == 1 or label is None:
            return None
        unsure = self.layer.xp.take_along_axis(p, label, self.at.axis) <= self.cut
        return unsure if self.mined is None else unsure | (label != self.mined)

    def _hard(self, losses: Array, label: Array | None) -> Array | None:
        """Which positions hard_ratio lets count; None for all."""
        if self.ratio == 1:
            return None
        place = int(losses.size * (1 - self.ratio))
        flat = losses.reshape(-1)
        hard = losses >= flat[self.layer.xp.argsort(flat)[place]]
        return hard if self.mined is None else hard | (label != self.mined)

    def _divisor(self, weights: Array | None, *masks: Array | None) -> float:
        layer, at = self.layer, self.at
        count = math.prod(at.one_label)
        valid: float = count
        given = [mask for mask in (weights, *masks) if mask is not None]
        if layer.mode == VALID and given:
            product = layer.xp.ones(at.one_label, layer.dtype)
            for mask in given:
                product *= mask
            valid = float(product.sum(dtype=np.float64))
        return layer.normalizer(at.outer, count, valid)

    def _soft(self, bottom: Blobs) -> Array:
        """The labels, checked."""
        layer, at = self.layer, self.at
        y = layer.read(bottom[1].values).reshape(bottom[0].shape)
        total = y.sum(at.axis, keepdims=True)
        good = (y >= 0).all(at.axis, keepdims=True) & (abs(total - 1) <= SUM)
        if not good.all():
            where = np.unravel_index(int((~good).argmax()), at.one_label)
            found = y[tuple(slice(None) if axis == at.axis else int(i)
                            for axis, i in enumerate(where))]
            layer.fail(f"the soft labels of item {int(where[0])} of the batch are no "
                       "probabilities, at least 0 and together 1", kind=DataError,
                       found=f"the least {float(found.min()):g}, together "
                       f"{float(found.sum()):g}",
                       fix="Where several classes are true at once, use SigmoidCrossEntropyLoss.")
        return y


def check_soft(layer: Normalized, scores: Any, labels: Any) -> None:
    """Fail if soft labels have another shape than the scores.

    Args:
        scores, labels: the blobs.
    """
    if scores.shape != labels.shape:
        layer.fail("soft_labels must have the shape of the scores", kind=ShapeError,
                   found=f"scores {scores.shape}, labels {labels.shape}",
                   fix="Where a phase has numbers of classes, give it a loss of its own: "
                   "include { phase: TEST }.")
