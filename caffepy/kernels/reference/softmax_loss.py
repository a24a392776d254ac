"""The multinomial logistic loss of softmax's probabilities, and its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from caffepy.core.memory import Array, Tensor
from caffepy.errors import BadValue
from caffepy.kernels.contract import Engine
from caffepy.kernels.operations.softmax_loss import SoftmaxLossKernel, SoftmaxLossSpec
from caffepy.kernels.reference.order import follow
from caffepy.kernels.table import implements

FLT_MIN = float(np.finfo(np.float32).tiny)


class _Left(NamedTuple):
    cells: tuple[Array, ...]  # where the probabilities at the labels are, by the axes' indices
    at_label: Array  # p there
    weight: Array | None  # of each position, with weights of classes
    counts: Array | None  # whether it counts; None if all do
    divisor: float


@implements("shape", "axis", "ignore_label", "divisor", "weights")
class SoftmaxLoss(SoftmaxLossKernel):
    """loss = sum of -log p[label] / divisor; dx = (p - 1 at the label) * weight / divisor. With
    weights of classes each position counts what its label's class does."""

    engine = "reference"
    left: _Left

    def __init__(self, spec: SoftmaxLossSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        shape, axis = spec.shape, spec.axis
        self.one_label = (*shape[:axis], 1, *shape[axis + 1 :])
        self.positions = math.prod(self.one_label)
        # of every position, its index along each axis
        self.indices: list[Array] = [
            owner.xp.arange(size).reshape(-1, *[1] * (len(shape) - 1 - at))
            for at, size in enumerate(self.one_label)]
        self.weights = None if spec.weights is None else owner.xp.asarray(spec.weights, spec.dtype)

    def forward(self, p: Tensor, labels: Tensor, loss: Tensor) -> None:
        xp, place, spec = self.owner.xp, self.owner.place, self.spec
        ps = p.read(follow(self, p))
        index, counts = class_indices(
            xp, labels.read(place), spec.shape[spec.axis], spec.ignore_label, self._complain)
        label = index.reshape(self.one_label)
        cells = (*self.indices[: spec.axis], label, *self.indices[spec.axis + 1 :])
        counts = None if counts is None else counts.reshape(self.one_label)
        at_label = ps[cells]
        losses = -xp.log(xp.maximum(at_label, FLT_MIN))
        weight = None if self.weights is None else self.weights[label]
        if weight is not None:
            losses *= weight
        valid = self.positions
        if counts is not None:
            losses = losses[counts]
            valid = int(counts.sum())
        divisor = max(1.0, valid) if spec.divisor is None else spec.divisor
        loss.overwrite(place)[...] = losses.sum(dtype=np.float64) / divisor
        self.left = _Left(cells, at_label, weight, counts, divisor)

    def _complain(self, where: int, value: float) -> None:
        raise BadValue(self, where, value)

    def backward(self, p: Tensor, labels: Tensor, dx: Tensor, weight: float | Array) -> None:
        xp, place, left = self.owner.xp, follow(self, p), self.left
        scale = weight / left.divisor
        ps = p.read(place)
        dxs = dx.overwrite(place)
        xp.multiply(ps, xp.asarray(scale, ps.dtype), out=dxs)
        dxs[left.cells] = (left.at_label - 1) * scale
        for factor in (left.weight, left.counts):
            if factor is not None:
                dxs *= factor


def class_indices(
    xp: Any, values: Array, classes: int, ignore_label: int | None,
    explain: Callable[[int, float], None],
) -> tuple[Array, Array | None]:
    """Labels as indices, checked, and which of them count (None: all).

    Args:
        values: any shape.
        classes: how many there are; labels go from 0 to classes - 1.
        ignore_label: a value to skip; its index becomes 0.
        explain: raises, given the place in C order of the first label that is no class, and the
            label. The original looked in debug builds only, and else read memory beyond the
            scores.
    """
    known = (values >= 0) & (values < classes)  # false for not-a-number too
    if ignore_label is None:
        counts, good = None, known
    else:
        counts = xp.trunc(values) != ignore_label
        good = known | ~counts
    if not good.all():
        where = int((~good).argmax())
        explain(where, float(values.reshape(-1)[where]))
    if counts is not None:
        values = xp.where(counts, values, 0)
    return values.astype(np.int64), counts
