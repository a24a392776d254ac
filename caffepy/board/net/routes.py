"""The views of nets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from caffepy.board import models
from caffepy.board.answers import Answer, page, picture, redirect
from caffepy.board.asking import Ask
from caffepy.board.data.sources import Sources
from caffepy.board.models import Models, Snapshot
from caffepy.board.net import graph, layers, weights
from caffepy.board.net.looking import Looked, phases
from caffepy.board.net.times import Took
from caffepy.board.net.views import Looks
from caffepy.board.routes import get
from caffepy.board.working import Worker
from caffepy.errors import CaffeError, NotFound


@get("/net")
def net(ask: Ask) -> Answer:
    """All nets, or one with its graph, and perhaps one layer of it."""
    if not ask.text("net"):
        return page("net/nets.html", ask, title="Nets", nets=ask.one(Models).nets())
    path = ask.file("net")
    known = phases(path)
    phase = ask.choice("phase", *known)
    direction = ask.choice("direction", *graph.DIRECTIONS)
    looked = ask.one(Looks).get(path, phase)
    batch = ask.whole("batch", 1, 1, 256)
    said = {"net": ask.text("net"), "phase": phase, "direction": direction,
            "weights": ask.text("weights") or None, "timed": ask.text("timed") or None,
            "batch": batch if ask.text("timed") else None, "picture": ask.text("picture") or None}

    def address(layer: str) -> str:
        return ask.url("/net", layer=layer, **said) + "#layer"

    took = ask.one(Worker).run(
        lambda: ask.one(Looks).times(path, phase, batch)) if ask.text("timed") else []
    fitting = ask.one(Models).fitting(looked.learning)
    layer = layers.facts(looked, ask.text("layer"))
    if ask.text("layer") and layer is None:
        raise NotFound("the net has no such layer in this phase", where=ask.text("layer"))
    return page(
        "net/net.html", ask, title=looked.param.name or ask.text("net"), net=ask.text("net"),
        name=looked.param.name, phase=phase, phases=known, direction=direction, looked=looked,
        rows=_rows(looked, address, {one.name: one for one in took}), notes=looked.notes,
        svg=graph.drawn(looked, address, direction), layer=layer, fitting=fitting,
        timed=bool(took), batch=batch, took={one.name: one for one in took},
        total=sum(one.forward + one.backward for one in took), said=said,
        sources=ask.one(Sources).all() if layer else [], picture=ask.text("picture"),
        **_of_layer(ask, layer, fitting))


def _rows(looked: Looked, address: Callable[[str], str], took: Mapping[str, Took]
          ) -> list[dict[str, Any]]:
    """The table's lines."""
    return [{
        "row": row, "address": address(row.name), "time": took.get(row.name),
        "shape": ", ".join(layers.in_words(shape) for shape in row.shapes)
        if row.shapes is not None else "?"} for row in looked.table.rows]


def _of_layer(ask: Ask, layer: layers.Facts | None, fitting: list[Snapshot]
              ) -> dict[str, Any]:
    """The layer's parameters in a snapshot, the last one unless another is named."""
    named = next((one for one in fitting if one.name == ask.text("weights")), None)
    snapshot = named or (fitting[-1] if fitting else None)
    values: dict[str, Any] = {"snapshot": snapshot, "parameters": [], "trouble": ""}
    if layer is None or not layer.learns or snapshot is None:
        return values
    try:
        values["parameters"] = ask.one(Looks).parameters(layer.name, snapshot, [
            one for one in fitting if one.prefix == snapshot.prefix])
    except CaffeError as error:
        values["trouble"] = str(error)
    return values


@get("/net/weights")
def weights_of(ask: Ask) -> Answer:
    """A parameter as a picture."""
    blobs = models.weights_of(ask.file("weights")).blobs(ask.text("layer"))
    index = ask.whole("index", 0, 0, 1000)
    if index >= len(blobs) or blobs[index] is None:
        raise NotFound("the layer has no such parameter", where=ask.text("layer"), found=index)
    return picture(weights.png(weights.picture(blobs[index])))


@get("/net/of")
def of_record(ask: Ask) -> Answer:
    """The same layer, with what it makes of a record."""
    said = {key: ask.text(key) or None for key in (
        "net", "phase", "direction", "weights", "timed", "batch", "layer")}
    key = f"{ask.whole('record', 0, 0, 1 << 40)}@{ask.text('source')}"
    return redirect(ask.url("/net", picture=key, **said) + "#layer")
