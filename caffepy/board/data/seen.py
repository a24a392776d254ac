"""What the data layers of a net give it, after all transformations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caffepy.board import admitting, models
from caffepy.board.shelf import Shelf
from caffepy.core import graph, obeys
from caffepy.proto import caffe_pb2
from caffepy.services import work
from caffepy.services.data_sheet.drawing import Sheet
from caffepy.services.data_sheet.reading import data_part, items
from caffepy.services.sheets.page import as_png

COUNT = 32


@dataclass(frozen=True)
class Seen:
    """The items of one data layer.

    Attributes:
        titles: what is shown, and how.
        png: the sheet.
    """

    layer: str
    titles: list[str]
    png: bytes


def seen(path: Path, phase: str, shelf: Shelf, count: int = COUNT, seed: int = work.SEED
         ) -> list[Seen]:
    """The sheets of a net's data layers.

    Args:
        phase: TRAIN or TEST.
        seed: of what is drawn (crops, mirrors), as a solver's random_seed.

    Raises:
        ConfigError: nothing to show, or data outside of the folders. CaffeError: as running them.
    """
    number = caffe_pb2.Phase.Value(phase)
    with work.quiet(), obeys.only_warnings():
        param, source = models.net_param(path)
        param.state.phase = number
        kept = graph.filter_net(param, param.state, source)
        brings = caffe_pb2.NetParameter()
        brings.layer.extend(layer for layer in kept.layer if not layer.bottom)
        admitting.require(brings, shelf)
        net = data_part(str(path), number, 0, ("",), seed)
        try:
            sheets = [Sheet(node, items(net, node, count)) for node in net.nodes]
        finally:
            net.close()
        return [Seen(node.layer.name, sheet.titles(), as_png(sheet.draw()))
                for node, sheet in zip(net.nodes, sheets, strict=True)]
