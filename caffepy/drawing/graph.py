"""A net as boxes and arrows: layers, the blobs between them, and who feeds whom.

A layer that works in place is written into the box of the layer whose blob it changes, so that
arrows always lead on and never back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy import log
from caffepy.core import graph as core_graph
from caffepy.core import obeys
from caffepy.core.known_part import known_part
from caffepy.core.net import Net
from caffepy.core.stand_in import stand_in
from caffepy.core.upgrade import upgrade_net
from caffepy.drawing import labels
from caffepy.proto import caffe_pb2

logger = log.get(__name__)

Shapes = Mapping[str, "tuple[int, ...] | None"]
UNKNOWN = "?"


@dataclass
class Node:
    """A layer's box, or a blob's octagon.

    Attributes:
        lines: its text: name, type, and settings one by one; or a blob's name and size.
        color: of its ground, ``#RRGGBB``.
        blob: whether it is a blob.
        within: the layers that work in place on what it makes, one line each.
        layers: the names of the layers in it: its own, then those within; none of a blob.
    """

    lines: list[str]
    color: str
    blob: bool = False
    within: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)

    def text(self, wide: bool) -> list[str]:
        """The lines, with all settings in one if there is more room across than along."""
        settings = [" ".join(self.lines[2:])] if wide and self.lines[2:] else self.lines[2:]
        return [*self.lines[:2], *settings]


@dataclass
class Graph:
    """Nodes, and edges as pairs of their indices (from, to); without cycles."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def leads(self, start: int, goal: int) -> bool:
        """Is there a way from one node to another?"""
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            ahead = {head for tail, head in self.edges if tail == node} - seen
            seen |= ahead
            waiting += ahead
        return goal in seen


def current(net: Any, phase: int | None) -> Any:
    """A net of any age in the current format, without the layers that the phase leaves out."""
    param = caffe_pb2.NetParameter()
    param.CopyFrom(net)
    upgrade_net(param)
    if phase is None:
        return param
    return core_graph.filter_net(param, caffe_pb2.NetState(phase=phase))


def shapes_of(net: Any, phase: int | None, input_shape: Sequence[int] = ()) -> Shapes:
    """The shape of every blob, or of none if the net cannot be built here; None for those that lie
    behind layers of types that nobody knows.

    The net is built without its fillers' work. A data layer whose data are not there gives
    pictures of its crop_size, or of ``input_shape`` (C, H, W). Without a phase the net is that of
    TRAIN, or else of TEST.
    """
    why = ""
    for one in (caffe_pb2.TRAIN, caffe_pb2.TEST) if phase is None else (phase,):
        whole = current(net, None)
        _, unknown = stand_in(whole, input_shape)
        part = known_part(core_graph.filter_net(whole, caffe_pb2.NetState(phase=one)))
        param = part.param
        for layer in param.layer:
            del layer.blobs[:]
            for message in (layer.convolution_param, layer.inner_product_param,
                            layer.embed_param, layer.recurrent_param):
                message.ClearField("weight_filler")
        try:
            with obeys.only_warnings():
                built = Net(param, one)
        except Exception as error:  # a plug-in's or a Python layer's may be of any kind
            why = why or (unknown[0] if unknown else str(error))
            continue
        try:
            return {**{name: blob.shape for name, blob in built.blobs.items()},
                    **dict.fromkeys(part.hidden)}
        finally:
            built.close()
    logger.warning("no shapes in the picture: %s", why)
    return {}


def build(net: Any, phase: int | None = None, display_lrm: bool = False,
          shapes: Shapes | None = None) -> Graph:
    """The picture's graph.

    Args:
        net: a NetParameter of any age.
        phase: TRAIN or TEST to leave out the other's layers, or None for all.
        display_lrm: write the multipliers of the learning rate on layers that have weights.
        shapes: blob name to its shape, where known.

    Raises:
        ConfigError: the net cannot be upgraded, or has layers with include and exclude rules.
    """
    param = current(net, phase)
    graph = Graph(param.name or "Net")
    blobs: dict[str, int] = {}  # name to its newest octagon
    makers: dict[int, list[int]] = {}  # octagon to the boxes that make it
    for layer in param.layer:
        lines = labels.layer_lines(layer, display_lrm)
        in_place = len(layer.bottom) == 1 and list(layer.bottom) == list(layer.top)
        made_by = makers.get(blobs.get(layer.bottom[0], -1), []) if in_place else []
        if len(made_by) == 1:
            graph.nodes[made_by[0]].within.append(" ".join(lines))
            graph.nodes[made_by[0]].layers.append(layer.name)
            continue
        color = labels.IN_PLACE_COLOR if in_place else labels.color(layer.type)
        box = graph.add(Node(lines, color, layers=[layer.name]))
        for name in layer.bottom:
            if name not in blobs:  # a net's fault that a picture may show
                blobs[name] = graph.add(_blob(name, "", (shapes or {}).get(name)))
            _connect(graph, blobs[name], box)
        for name in layer.top:
            octagon = blobs.get(name, -1)
            if octagon < 0 or graph.leads(octagon, box):
                hidden = shapes is not None and name in shapes and shapes[name] is None
                octagon = graph.add(_blob(name, layer.name, (shapes or {}).get(name),
                                          UNKNOWN if hidden else labels.edge_label(layer)))
                blobs[name] = octagon
            makers.setdefault(octagon, []).append(box)
            _connect(graph, box, octagon)
    return graph


def _connect(graph: Graph, tail: int, head: int) -> None:
    if (tail, head) not in graph.edges:
        graph.edges.append((tail, head))


def _blob(name: str, layer: str, shape: Iterable[int] | None, label: str = "") -> Node:
    """A blob's octagon: its name, unless the layer above it has the same, and its shape."""
    size = " x ".join(map(str, shape)) if shape is not None else label
    if shape == ():
        size = "scalar"
    lines = [line for line in ("" if name == layer and size else name, size) if line]
    return Node(lines, labels.BLOB_COLOR, blob=True)
