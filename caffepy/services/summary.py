"""A net as a table: shapes, parameters, multiply-adds and memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caffepy.services import work

if TYPE_CHECKING:
    from caffepy.core.net import Net

FLOAT = 4  # bytes


@dataclass
class Row:
    """One layer. What is not known is None.

    Attributes:
        shapes: of the tops.
        params: learnable numbers, those of shared blobs too.
        multiply_adds: of one forward over the batch, for convolutions, inner products and
            recurrent layers; the rest is small beside them.
        memory: bytes of the tops' data that no earlier layer holds already.
        detail: kernel/stride+padding outputs/groups.
    """

    name: str
    type: str
    bottoms: list[str]
    tops: list[str]
    shapes: list[tuple[int, ...]] | None = None
    params: int | None = None
    multiply_adds: int | None = None
    memory: int | None = None
    detail: str = ""


@dataclass
class Summary:
    """A net's table.

    Attributes:
        unread, unmade: tops that no layer reads (the outputs); bottoms that no layer makes.
        batch: items in the first blob.
        notes: what had to be assumed.
    """

    name: str
    rows: list[Row]
    unread: set[str] = field(default_factory=set)
    unmade: set[str] = field(default_factory=set)
    params: int | None = None
    batch: int = 0
    notes: list[str] = field(default_factory=list)

    def total(self, column: str) -> int:
        return sum(getattr(row, column) or 0 for row in self.rows)


def summarize(
    path: str, phase: str = "TRAIN", input_shape: Sequence[int] = (), stages: Sequence[str] = ()
) -> Summary:
    """The table of a prototxt or a caffemodel.

    Layers of types that nobody knows are in it; what comes behind them has no shapes.

    Args:
        phase: "TRAIN" or "TEST".
        input_shape: C x H x W of data layers whose files are not there.

    Raises:
        NotFound: no such file. CaffeError: what else is wrong with the net.
    """
    from caffepy.core import graph, obeys
    from caffepy.proto import caffe_pb2

    with work.quiet(), obeys.only_warnings():
        param, source = _read(path)
        param.state.phase = caffe_pb2.Phase.Value(phase)
        param.state.stage.extend(stages)
        return of_param(graph.filter_net(param, param.state, source), source, input_shape)


def of_param(kept: Any, source: Any, input_shape: Sequence[int] = ()) -> Summary:
    """The table of a filtered NetParameter, in which inputs stand in for data that are not there.

    Args:
        source: where its layers are written, or None.

    Raises:
        CaffeError: what is wrong with the net.
    """
    from caffepy.core import known_part, obeys, traits
    from caffepy.core.stand_in import stand_in

    with work.quiet(), obeys.only_warnings():
        known_part.refuse_slips(kept.layer, source)
        summary = Summary(kept.name, [
            Row(layer.name, layer.type, list(layer.bottom), list(layer.top),
                detail=traits.of(layer).detail(layer))
            for layer in kept.layer])
        _connections(summary)
        _count_weights(kept.layer, summary)
        strange = known_part.told(known_part.known_part(kept).unknown, source)
        assumed, unknown = stand_in(kept, input_shape)
        summary.notes += strange + assumed + unknown
        if unknown:
            return summary
        part = known_part.known_part(kept)
        _forget_fillers(part.param)
        net = _build(part.param, source)
        try:
            _measure(net, summary)
        finally:
            net.close()
        for row in summary.rows:  # a layer in place does not change what is known of its blob
            if row.shapes is None and not part.hidden.intersection(row.tops):
                row.shapes = [net.blobs[top].shape for top in row.tops]
        if any(row.params is None for row in summary.rows):
            summary.notes.append("the sums are of what is known; a layer with ? may have more")
    return summary


def _read(path: str) -> tuple[Any, Any]:
    """A net in today's format, and where its layers are written, if it is text."""
    from caffepy.core.upgrade import read_net_param, read_net_param_binary
    from caffepy.proto.files import sniff

    return (read_net_param_binary(path), None) if sniff(path) == "caffemodel" else (
        read_net_param(path))


def _count_weights(layers: Iterable[Any], summary: Summary) -> None:
    """Count the weights that a caffemodel has: those of layers that cannot be built, too."""
    from caffepy.proto import wire

    for layer, row in zip(layers, summary.rows, strict=True):
        if layer.blobs:
            row.params = sum(wire.blob_to_array(blob).size for blob in layer.blobs)


def of_net(net: Net) -> Summary:
    """The table of a net that is there."""
    origin = {top: layer.spec.bottom[0] for layer in net.layers if layer.splits
              for top in layer.spec.top}
    summary = Summary(net.name, [
        Row(layer.name, layer.type, [origin.get(name, name) for name in layer.spec.bottom],
            list(layer.spec.top), detail=layer.detail(layer.spec))
        for layer in net.layers if not layer.splits])
    _connections(summary)
    _measure(net, summary)
    return summary


def _connections(summary: Summary) -> None:
    made: set[str] = set()
    for row in summary.rows:
        summary.unmade |= set(row.bottoms) - made
        summary.unread -= set(row.bottoms)
        made |= set(row.tops)
        summary.unread |= set(row.tops)


def _forget_fillers(message: Any) -> None:
    """Initial values are not looked at, and drawing a hundred million numbers takes its time."""
    from caffepy.proto import caffe_pb2

    for spec, value in message.ListFields():
        if spec.message_type is None:
            continue
        for part in value if isinstance(value, Iterable) else [value]:
            if isinstance(part, caffe_pb2.FillerParameter):
                part.Clear()
            else:
                _forget_fillers(part)


def _build(param: Any, source: Any) -> Net:
    from caffepy.core.context import Context
    from caffepy.core.net import Net

    # nothing is computed, so the engine that plans nothing is the quickest
    return Net((param, source), context=Context(seed=0, engines=("reference",)))


def _measure(net: Net, summary: Summary) -> None:
    """Fill in what only the built net knows."""
    rows = {row.name: row for row in summary.rows}
    held: set[int] = set()
    for node in net.nodes:
        layer, bottom, top = node.layer, node.bottoms, node.tops
        memory = 0
        for blob in top:
            if id(blob.values.memory) not in held:
                held.add(id(blob.values.memory))
                memory += blob.count * FLOAT
        row = rows.get(layer.name)
        if row is None:  # a Split that the net put in by itself, which copies nothing
            continue
        row.shapes = [blob.shape for blob in top]
        row.params = sum(blob.count for blob in layer.blobs)
        row.memory = memory
        row.multiply_adds = layer.multiply_adds(bottom, top)
        if not summary.batch and top and top[0].shape:
            summary.batch = top[0].shape[0]
    summary.params = sum(parameter.count for parameter in net.parameters)
