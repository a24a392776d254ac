"""How long each layer of a net takes here, and what computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caffepy.board import admitting
from caffepy.board.net.looking import Looked
from caffepy.board.shelf import Shelf
from caffepy.core import graph, obeys, traits
from caffepy.core.known_part import is_unknown
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.services import computed, timing, work

ITERATIONS = 5
MOST_MEMORY = 4 << 30  # bytes of blobs and parameters


@dataclass(frozen=True)
class Took:
    """One layer.

    Attributes:
        forward, backward: milliseconds; 0 where there is none.
        share: of all layers' time together, 0 to 1.
        engine, kernel: what computed it.
    """

    name: str
    type: str
    forward: float
    backward: float
    share: float
    engine: str
    kernel: str


def times(looked: Looked, shelf: Shelf, batch: int = 1) -> list[Took]:
    """Run a net some times on zeros, layer by layer; nets of the TRAIN phase backward, too.

    Args:
        batch: how many items go through at once.

    Raises:
        ConfigError: it is too large, or reads or runs what it may not. CaffeError: it fails.
    """
    param = fed_zeros(looked, batch)
    admitting.require(param, shelf)
    batches = max(1, looked.table.batch)
    wanted = looked.table.total("memory") * batch // batches + 8 * (looked.table.params or 0)
    if 2 * wanted > MOST_MEMORY:
        raise ConfigError("the net is too large to be run beside other work",
                          found=f"about {2 * wanted >> 20} MiB",
                          allowed=f"{MOST_MEMORY >> 20} MiB", fix="Try `caffepy time`.")
    both = param.state.phase == caffe_pb2.TRAIN
    with work.quiet(), obeys.only_warnings():
        net = Net(param)
        try:
            took = timing.benchmark(net, ITERATIONS, both).layers
            rows = computed.rows(net, both)
        finally:
            net.close()
    total = sum(one.forward + one.backward for one in took) or 1.0
    return [Took(one.name, row.type, one.forward, one.backward,
                 (one.forward + one.backward) / total, row.engine, row.kernel)
            for one, row in zip(took, rows, strict=True)]


def fed_zeros(looked: Looked, batch: int) -> Any:
    """The net with inputs in place of its data layers, of so many items."""
    param = caffe_pb2.NetParameter()
    param.CopyFrom(looked.param)
    for layer in param.layer:
        if is_unknown(layer) or layer.bottom:
            continue
        kind, row = traits.of(layer), looked.row(layer.name)
        if not kind.data or row is None or not row.shapes:
            continue
        if kind.waits:
            for shape in layer.input_param.shape:
                if shape.dim:
                    shape.dim[0] = batch
            continue
        layer.CopyFrom(graph.input_layer(layer.name, layer.top, [
            (batch, *shape[1:]) if shape else shape for shape in row.shapes]))
    return param
