"""A net without a loss, given one, so that its backward can be timed as that of a training.

The original calls each layer's backward whether it is needed or not; in a deploy net that gives
convolutions their weights' gradients and all other layers nothing, which is no pass of any net.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caffepy.core import graph
from caffepy.core.layer import Layer
from caffepy.core.upgrade import read_net_param
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.net import Net


def without_loss(net: Net) -> bool:
    """Whether nothing in the net counts as a loss."""
    return not any(net.loss_weights.values())


def with_losses(path: str, net: Net) -> tuple[caffe_pb2.NetParameter, list[str]]:
    """The layers of ``net`` from its file, in which each output counts as a loss of weight 1; and
    the names of these outputs.

    What a layer without a gradient (ArgMax, Accuracy) makes of a blob does not count: the blob
    itself is the output.
    """
    param, source = read_net_param(path)
    kept = graph.filter_net(param, net.param.state, source)
    kept.state.CopyFrom(net.param.state)
    # a Python layer's class is known to its net alone
    able = {layer.name for layer in net.layers if type(layer).backward is not Layer.backward}
    outputs: list[str] = []
    read: set[str] = set()
    for layer in reversed(kept.layer):
        for rules in ("include", "exclude"):  # they have chosen
            layer.ClearField(rules)
        if layer.name not in able:
            layer.propagate_down[:] = [False] * len(layer.bottom)
            continue
        new = [top for top in layer.top if top not in read] if layer.bottom else []
        if new:
            layer.loss_weight[:] = [float(top in new) for top in layer.top]
            outputs += new
        read.update(layer.bottom)
    return kept, outputs[::-1]
