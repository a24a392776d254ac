"""The lines of ``debug_info: true``: mean absolute values on their way through the net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.core.memory import Place, Tensor

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.core.node import Node

logger = log.get(__name__)


def mean_abs(tensor: Tensor) -> float:
    """The mean of the absolute values; 0 for an empty tensor."""
    values: np.ndarray[Any, Any] = tensor.read(Place.HOST)
    return float(np.abs(values).mean()) if tensor.count else 0.0


def forward(node: Node) -> None:
    """After a layer's forward: its tops and parameters."""
    layer = node.layer
    for name, blob in node.named_tops:
        logger.info("    [Forward] Layer %s, top blob %s data: %g",
                    layer.name, name, mean_abs(blob.values))
    for index, blob in enumerate(layer.blobs):
        # by name if it has one, here and in [Update]; the original's [Backward] always counts
        given = layer.spec.param[index].name if index < len(layer.spec.param) else ""
        logger.info("    [Forward] Layer %s, param blob %s data: %g",
                    layer.name, given or index, mean_abs(blob.values))


def backward(node: Node, scale: float) -> None:
    """After a layer's backward: its bottoms' and parameters' gradients, without their scale."""
    layer = node.layer
    for (name, blob), want in zip(node.named_bottoms, node.propagate_down, strict=True):
        if want:
            logger.info("    [Backward] Layer %s, bottom blob %s diff: %g",
                        layer.name, name, mean_abs(blob.grads) / scale)
    for index, blob in enumerate(layer.blobs):
        if layer.param_propagate_down[index]:
            logger.info("    [Backward] Layer %s, param blob %d diff: %g",
                        layer.name, index, mean_abs(blob.grads) / scale)


def update(net: Net) -> None:
    """Before the update is subtracted: each parameter and what will be taken from it."""
    for parameter in net.parameters:
        logger.info("    [Update] Layer %s, param %s data: %g; diff: %g",
                    parameter.layer, parameter.name or parameter.index,
                    mean_abs(parameter.blob.values), mean_abs(parameter.blob.grads))


def norms(net: Net) -> None:
    """After backward: the L1 and L2 norms over all parameters, values and gradients, these without
    their scale."""
    scale = net.grad_scale()
    sums = {"l1": [0.0, 0.0], "l2": [0.0, 0.0]}
    for parameter in net.parameters:
        for side, tensor in enumerate((parameter.blob.values, parameter.blob.grads)):
            values = tensor.read(Place.HOST).astype(np.float64)
            sums["l1"][side] += float(np.abs(values).sum())
            sums["l2"][side] += float((values * values).sum())
    sums["l1"][1] /= scale
    sums["l2"][1] /= scale * scale
    # the original logs this line at ERROR level; it is no error, so it is INFO here
    logger.info("    [Backward] All net params (data, diff): L1 norm = (%g, %g); "
                "L2 norm = (%g, %g)", *sums["l1"], *(s**0.5 for s in sums["l2"]))
