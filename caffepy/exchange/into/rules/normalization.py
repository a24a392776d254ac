"""Normalization, and what is made of the sum or the maximum of an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step
from caffepy.exchange.into.table import rule

EPS = 1e-5  # of BatchNorm, if nothing is said


@rule("BatchNormalization")
def batch_normalization(step: Step) -> str:
    if step.attribute("training_mode", 0) or not step.attribute("spatial", 1):
        raise NotInCaffe("statistics of the batch" if step.attribute("training_mode", 0) else
                         "statistics for each place (spatial=0)")
    scale, bias, mean, variance = (step.weights(index) for index in range(1, 5))
    y = step("BatchNorm", step.x, weights=[mean, variance, np.ones(1)],
             batch_norm_param=_eps(step))
    return _scaled(step, y, scale, bias)


@rule("InstanceNormalization")
def instance_normalization(step: Step) -> str:
    """BatchNorm of one item, whose channels are all items' channels."""
    shape = step.shape()
    own = (1, shape[0] * shape[1], *shape[2:])
    y = _own_statistics(step, shape, own)
    return _scaled(step, y, step.weights(1), step.weights(2))


@rule("GroupNormalization")
def group_normalization(step: Step) -> str:
    shape, groups = step.shape(), step.attribute("num_groups")
    own = (1, shape[0] * groups, math.prod(shape[1:]) // groups)
    scale, bias = step.weights(1), step.weights(2)
    if step.opset < 21:
        scale, bias = (np.repeat(one, shape[1] // groups) for one in (scale, bias))
    return _scaled(step, _own_statistics(step, shape, own), scale, bias)


@rule("LayerNormalization")
def layer_normalization(step: Step) -> str:
    if any(step.node.output[1:]):
        raise NotInCaffe("mean and deviation as outputs")
    shape, axis = step.shape(), step.axis(step.attribute("axis", -1))
    own = (1, math.prod(shape[:axis]), math.prod(shape[axis:]))
    y = _own_statistics(step, shape, own)
    scale = np.broadcast_to(step.weights(1), shape[axis:])
    bias = np.broadcast_to(step.weights(2) if step.has(2) else np.zeros(1), shape[axis:])
    return step("Scale", y, weights=[scale, bias], suffix="_scale", scale_param={
        "axis": axis, "num_axes": len(shape) - axis, "bias_term": True})


@rule("LRN")
def lrn(step: Step) -> str:
    message: dict[str, Any] = {"local_size": step.attribute("size"),
                               "alpha": step.attribute("alpha", 1e-4),
                               "beta": step.attribute("beta", 0.75), "k": step.attribute("bias", 1)}
    if message["local_size"] % 2 == 0:
        raise NotInCaffe("windows of an even size, which have no middle")
    return step("LRN", step.x, lrn_param=message)


@rule("Softmax")
def softmax(step: Step) -> str:
    return _softmax(step)


@rule("LogSoftmax")
def log_softmax(step: Step) -> str:
    return step("Log", _softmax(step), suffix="_log")


def _softmax(step: Step) -> str:
    """Up to opset 12 all axes from ``axis`` on are one."""
    shape = step.shape()
    axis = step.axis(step.attribute("axis", 1 if step.opset < 13 else -1))
    if step.opset >= 13 or math.prod(shape[axis + 1:]) == 1:
        return step("Softmax", step.x, softmax_param=_axis(axis))
    flat = (*shape[:axis], math.prod(shape[axis:]))
    y = step("Softmax", step.reshape(step.x, shape, flat, "_flat"), softmax_param=_axis(axis))
    return step.reshape(y, flat, shape, "_shape")


def _axis(axis: int) -> dict[str, Any]:
    return {"axis": axis} if axis != 1 else {}


def _eps(step: Step) -> dict[str, Any]:
    eps = step.attribute("epsilon", EPS)
    return {} if math.isclose(eps, EPS, rel_tol=1e-6) else {"eps": eps}


def _own_statistics(step: Step, shape: tuple[int, ...], own: tuple[int, ...]) -> str:
    """Mean 0 and variance 1 in each channel of the shape ``own``, whose batch is one item."""
    x = step.reshape(step.x, shape, own, "_items")
    y = step("BatchNorm", x, weights=[np.zeros(own[1]), np.ones(own[1]), np.ones(1)],
             batch_norm_param={**_eps(step), "use_global_stats": False})
    return step.reshape(y, own, shape, "_back")


def _scaled(step: Step, blob: str, scale: Any, bias: Any) -> str:
    return step("Scale", blob, weights=[scale, bias], suffix="_scale",
                scale_param={"bias_term": True})
