"""Connectionist temporal classification: how labels without times fit scores with times.

Graves et al., "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with
Recurrent Neural Networks", 2006. A path names one class for each step; its labels are what is left
when repeated ones are merged and blanks are taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import Array, Place
from caffepy.errors import DataError, ShapeError


@dataclass(frozen=True)
class Task:
    """What a batch is to say.

    Attributes:
        labels: each sequence's, as class numbers.
        lengths: how many steps of each count.
        blank: the class that stands between labels.
        merge: whether a class that is repeated is one label.
        delay: so many first steps name nothing.
    """

    labels: Sequence[Sequence[int]]
    lengths: Sequence[int]
    blank: int
    merge: bool = True
    delay: int = 0


def align(xp: Any, x: Array, task: Task) -> tuple[Array, Array]:
    """-log of the probability of the labels, and its derivative by the scores.

    Args:
        x: scores, T x N x C; softmax makes them probabilities.

    Returns: N numbers, infinite where the steps are too few, and T x N x C, 0 at steps that do not
        count; both float64. Where nothing fits the second is the probabilities.
    """
    steps, items, classes = x.shape
    x = x.astype(np.float64)
    x = x - x.max(axis=2, keepdims=True)
    log_y = x - xp.log(xp.exp(x).sum(axis=2, keepdims=True))
    width = 2 * max((len(labels) for labels in task.labels), default=0) + 1
    told = np.full((items, width), task.blank)  # blank, label, blank, label ... blank
    for item, labels in enumerate(task.labels):
        told[item, 1 : 2 * len(labels) : 2] = labels
    states = np.array([2 * len(labels) + 1 for labels in task.labels])
    ends = xp.asarray(np.array(task.lengths) - 1)
    at = xp.arange(width)
    # which states a path can pass through, begin in, and end in
    inside = at < xp.asarray(states)[:, None]
    last = inside & (at >= xp.asarray(states)[:, None] - 2)
    skips, stays = _moves(told, task)
    told, skips, stays = xp.asarray(told), xp.asarray(skips), xp.asarray(stays)
    said = xp.take_along_axis(log_y, xp.broadcast_to(told, (steps, items, width)), 2)
    nothing = xp.full((items, width), -np.inf)

    alpha = xp.full((steps, items, width), -np.inf)
    for t in range(task.delay, steps):
        if t == task.delay:
            reached = xp.where(inside & (at < 2), 0.0, -np.inf)
        else:
            reached = _sum(xp, alpha[t - 1], stays, skips, nothing)
        alpha[t] = xp.where(inside, reached + said[t], -np.inf)
    # beta counts step t + 1 on, backwards
    beta = xp.full((steps, items, width), -np.inf)
    for t in range(steps - 1, task.delay - 1, -1):
        onward = nothing
        if t + 1 < steps:
            ahead = beta[t + 1] + said[t + 1]
            onward = _sum(xp, ahead[:, ::-1], stays[:, ::-1], _ahead(xp, skips)[:, ::-1],
                          nothing)[:, ::-1]
        beta[t] = xp.where((ends == t)[:, None], xp.where(last, 0.0, -np.inf), onward)
    both = alpha + beta  # the probability of all paths through a state, in each step the same sum
    log_p = xp.full(items, -np.inf)
    if task.delay < steps:
        log_p = _log_sum(xp, both[task.delay])
    return -log_p, _slope(xp, log_y, both, told, log_p, ends, task.delay)


def _moves(told: np.ndarray[Any, Any], task: Task
           ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Which states may be reached from two before, and which from themselves."""
    skips = np.zeros(told.shape, bool)
    skips[:, 2:] = told[:, 2:] != task.blank
    if task.merge:
        skips[:, 2:] &= told[:, 2:] != told[:, :-2]
        return skips, np.ones(told.shape, bool)
    return skips, told == task.blank


def _ahead(xp: Any, skips: Array) -> Array:
    """Which states may be left by two."""
    out = xp.zeros_like(skips)
    out[:, :-2] = skips[:, 2:]
    return out


def _sum(xp: Any, before: Array, stays: Array, skips: Array, nothing: Array) -> Array:
    """log of the sum over the states that lead to each: itself, the one before, two before."""
    one, two = nothing.copy(), nothing.copy()
    one[:, 1:] = before[:, :-1]
    two[:, 2:] = before[:, :-2]
    reached = xp.logaddexp(xp.where(stays, before, -np.inf), one)
    return xp.logaddexp(reached, xp.where(skips, two, -np.inf))


def _log_sum(xp: Any, values: Array) -> Array:
    """log of the sum of exp over the last axis, which may be -inf throughout."""
    largest = values.max(axis=-1)
    finite = xp.where(largest == -np.inf, 0, largest)
    total = xp.exp(values - finite[..., None]).sum(axis=-1)
    return xp.where(largest == -np.inf, -np.inf, finite + xp.log(xp.maximum(total, 1e-300)))


def _slope(xp: Any, log_y: Array, both: Array, told: Array, log_p: Array, ends: Array, delay: int
           ) -> Array:
    """p - what paths that fit name in each step."""
    steps, _, classes = log_y.shape
    known = log_p > -np.inf
    share = xp.exp(both - xp.where(known, log_p, 0)[:, None])
    share = xp.where(known[:, None], share, 0)
    is_class = (told[:, :, None] == xp.arange(classes)).astype(np.float64)
    expected = xp.matmul(share.transpose(1, 0, 2), is_class).transpose(1, 0, 2)
    time = xp.arange(steps)[:, None]
    counts = (time >= delay) & (time <= ends)
    return xp.where(counts[:, :, None], xp.exp(log_y) - expected, 0)


def scores_shape(layer: Layer, x: Blob) -> tuple[int, int, int]:
    """T, N and C of a bottom of scores, T x N x C, perhaps with an axis of 1 behind."""
    shape = x.shape[:3] if x.ndim == 4 and x.shape[3] == 1 else x.shape
    if len(shape) != 3:
        layer.fail("the scores must be steps x sequences x classes", kind=ShapeError,
                   found=f"shape {x.shape}", allowed="T x N x C")
    return shape[0], shape[1], shape[2]


def on_host(blob: Blob, *shape: int) -> np.ndarray[Any, Any]:
    """A blob's few numbers where loops can look at them."""
    values: np.ndarray[Any, Any] = blob.values.read(Place.HOST)
    return values.reshape(shape)


def until_zero(indicators: np.ndarray[Any, Any]) -> list[int]:
    """How long sequences are: of T x N indicators a 0 after the first row ends one."""
    ended = np.concatenate([indicators[1:] == 0, np.ones((1, indicators.shape[1]), bool)])
    return [int(n) + 1 for n in ended.argmax(axis=0)]


def until_negative(labels: np.ndarray[Any, Any]) -> list[list[int]]:
    """Label sequences, T x N, of which the first negative number ends one; rounded."""
    ended = np.concatenate([labels < 0, np.ones((1, labels.shape[1]), bool)])
    return [[int(v + 0.5) for v in labels[:n, i]] for i, n in enumerate(ended.argmax(axis=0))]


def check_labels(layer: Layer, labels: Sequence[Sequence[int]], classes: int) -> None:
    """Fail for a label that is no class."""
    for item, sequence in enumerate(labels):
        for label in sequence:
            if not 0 <= label < classes:
                layer.fail(f"a label of sequence {item} is not one of the {classes} classes",
                           kind=DataError, found=label, allowed=f"0 to {classes - 1}")
