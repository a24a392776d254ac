"""A net for the page: its layers' table, built without what it may not open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caffepy.board import admitting, models
from caffepy.board.shelf import Shelf
from caffepy.core import graph, known_part, obeys, traits
from caffepy.proto import caffe_pb2
from caffepy.services import summary, work

MOST_LAYERS = 5000  # drawn, and built to know their shapes


@dataclass
class Looked:
    """A net of one phase.

    Attributes:
        param: the filtered NetParameter, as its file has it.
        table: its layers.
        notes: what had to be assumed for the table.
    """

    param: Any
    table: summary.Summary
    notes: list[str]

    @property
    def shapes(self) -> dict[str, tuple[int, ...] | None]:
        """Of each blob, None for one whose shape is not known."""
        return {top: row.shapes[i] if row.shapes else None
                for row in self.table.rows for i, top in enumerate(row.tops)}

    @property
    def learning(self) -> list[str]:
        """The layers that learn."""
        return [layer.name for layer in self.param.layer if not known_part.is_unknown(layer)
                and (traits.of(layer).learns or traits.of(layer).gathers)]

    def layer(self, name: str) -> Any:
        """The LayerParameter of a name; None if there is none."""
        return next((layer for layer in self.param.layer if layer.name == name), None)

    def row(self, name: str) -> summary.Row | None:
        return next((row for row in self.table.rows if row.name == name), None)


def look(path: Path, phase: str, shelf: Shelf) -> Looked:
    """A net's table.

    Args:
        phase: TRAIN or TEST.

    Raises:
        NotFound, ConfigError: no net, or one that is wrong.
    """
    with work.quiet(), obeys.only_warnings():
        param, source = models.net_param(path)
        param.state.phase = caffe_pb2.Phase.Value(phase)
        kept = graph.filter_net(param, param.state, source)
        del kept.layer[MOST_LAYERS:]
        closed = caffe_pb2.NetParameter()
        closed.CopyFrom(kept)
        notes = admitting.sealed(closed, shelf)
        known_part.refuse_slips(kept.layer, source)
        table = summary.of_param(closed, None)
    for row, layer in zip(table.rows, kept.layer, strict=True):
        row.type = layer.type
    hidden = admitting.OF_ITS_OWN
    return Looked(kept, table, [*notes, *(note for note in table.notes if hidden not in note)])


def phases(path: Path) -> list[str]:
    """The phases for which a net has layers that bring or wait for data: TRAIN, TEST, or both; of
    one that has the same layers in both, as nets for use have, TEST alone.

    Raises: as reading the file.
    """
    param, source = models.net_param(path)
    found = {}
    for phase in ("TRAIN", "TEST"):
        param.state.phase = caffe_pb2.Phase.Value(phase)
        kept = graph.filter_net(param, param.state, source)
        if any(not layer.bottom for layer in kept.layer):
            found[phase] = [layer.SerializeToString() for layer in kept.layer]
    if len(found) == 2 and found["TRAIN"] == found["TEST"]:
        return ["TEST"]
    return list(found) or ["TEST"]
