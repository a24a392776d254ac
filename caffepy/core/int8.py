"""Layers of 8 bits: in TEST nets, those whose ``int8_param`` says how their inputs are rounded.

A file of weights brings it (``caffepy quantize`` writes it there), or a prototxt. It counts unless
the context asks for ``precision="float32"``; where no engine has 8 bits, the net computes as if it
were not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

logger = log.get(__name__)

FIELD = "int8_param"


def wanted(layer: Layer) -> Any:
    """The layer's Int8Parameter, or None if its inputs are not to be rounded."""
    if (layer.phase == caffe_pb2.TEST and layer.spec.HasField(FIELD)
            and layer.dtype == np.float32 and layer.context.precision != "float32"
            and not layer.context.engines[0].without("int8")):
        return layer.spec.int8_param
    return None


def take(layer: Layer, given: Any) -> bool:
    """Let the layer have what a file of weights says of it, None if nothing; returns whether that
    is news."""
    if layer.phase != caffe_pb2.TEST or not (given or layer.spec.HasField(FIELD)):
        return False
    layer.spec.ClearField(FIELD)
    if given:
        layer.spec.int8_param.CopyFrom(given)
    return True


def plan(net: Net, layers: Sequence[Layer], path: str) -> None:
    """Plan the kernels of these layers anew, and say what they are now."""
    for node in net.nodes:
        if node.layer in layers:
            net.executor.reshape(node)
    asked = [layer for layer in layers if layer.spec.HasField(FIELD)]
    if not asked:
        return
    count = sum(any(kernel.spec.quantized for kernel in layer.kernels) for layer in asked)
    if count:
        logger.info("%d layer%s in 8 bits, as %s says", count,
                    " computes" if count == 1 else "s compute", path)
    elif net.context.precision == "float32":
        logger.info("%s is for 8 bits; float32 is asked for", path)
    else:
        logger.info("%s is for 8 bits, but the net computes in float32: %s", path,
                    net.context.engines[0].without("int8") or "no kernel can do these layers")
