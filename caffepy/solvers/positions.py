"""How far the readers and random streams of nets have come, as snapshots keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.net import Net
from caffepy.proto import caffe_pb2


def of(nets: Sequence[Net]) -> list[Any]:
    """A LayerState for each layer that has drawn or read something."""
    return [
        caffe_pb2.LayerState(net=net.label, layer=layer.name, position=layer.position)
        for net in nets for layer in net.layers if layer.position
    ]


def go_to(nets: Sequence[Net], states: Sequence[Any]) -> None:
    """Set readers and random streams to what ``of`` gave; those it left out to 0."""
    reached = {(s.net, s.layer): s.position for s in states}
    for net in nets:
        for layer in net.layers:
            layer.position = reached.get((net.label, layer.name), 0)
