"""What ``repr(net)`` shows: a table of layers, their tops and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caffepy.columns import columns
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.blob import Blob
    from caffepy.core.net import Net

HEADING = ("layer", "type", "tops", "parameters")


def of_net(net: Net) -> str:
    """A line about the net, then a line for each layer.

        Net 'small', TEST: 2 layers, 1,230 parameters
        layer  type          tops       parameters
        data   Input         data 8x40
        ip     InnerProduct  ip 8x30    30x40 30
    """
    rows = [HEADING]
    for node in net.nodes:
        layer = node.layer
        shown = ", ".join(f"{name} {times(blob)}" for name, blob in node.named_tops)
        rows.append((layer.name, layer.type, shown, " ".join(map(times, layer.blobs))))
    count = sum(parameter.count for parameter in net.parameters)
    title = (f"Net {net.name!r}, {caffe_pb2.Phase.Name(net.phase)}: {len(net.layers)} "
             f"layer{'s' * (len(net.layers) != 1)}, {count:,} parameters")
    return "\n".join([title, *columns(rows)])


def times(blob: Blob) -> str:
    """The shape as ``64x3x28x28``; a scalar is ``1``."""
    return "x".join(map(str, blob.shape)) or "1"
