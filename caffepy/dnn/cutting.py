"""The part of a net that leads to what is asked for, with every value that is asked for readable.

A value may be gone at the end of a pass: a layer in place has written over it, or its blob's memory
has gone on to another blob where layers run as one (core.fusion, core.turns). In the net that comes
out here each wanted value is an output: the layer that would write over it gets a blob of its own,
and what other layers read is handed out by a split.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caffepy.core import graph
from caffepy.dnn.entries import Entries, Pin
from caffepy.proto import caffe_pb2


def cut(param: Any, entries: Entries, wanted: Iterable[Pin], every: bool = False
        ) -> tuple[Any, dict[Pin, str]]:
    """The NetParameter of the layers that lead to ``wanted``, and the blob of each.

    Args:
        param: the net of the TEST phase, without splits.
        every: take all layers, wherever they lead.
    """
    wanted = set(wanted)
    used = (set(range(len(param.layer))) if every
            else _leading_to(entries, {pin.entry for pin in wanted}))
    makers = {(entry.place, top): Pin(entry.id, output)
              for entry in entries for output, top in enumerate(entry.tops)}
    part = caffe_pb2.NetParameter()
    part.CopyFrom(param)
    del part.layer[:]
    called: dict[str, str] = {}  # a blob of the net to what it is called here by now
    taken: set[str] = set()
    pin_of: dict[str, Pin] = {}
    read: set[str] = set()
    for place, layer in enumerate(param.layer):
        if place not in used:
            continue
        copy = part.layer.add()
        copy.CopyFrom(layer)
        copy.bottom[:] = [called[name] for name in layer.bottom]
        for number, top in enumerate(layer.top):
            before = called.get(top) if top in layer.bottom else None
            if before is None:
                name = _free(top, taken)
            elif pin_of.get(before) in wanted:
                name = _free(f"{top}/{layer.name}", taken)
            else:
                name = before
            taken.add(name)
            copy.top[number] = called[top] = name
            if (place, number) in makers:
                pin_of[name] = makers[place, number]
        read.update(name for name in copy.bottom if name not in copy.top)
    blobs = {pin: name for name, pin in pin_of.items() if pin in wanted}
    for pin, name in blobs.items():
        if name in read:
            blobs[pin] = _free(f"{name}/out", taken)
            taken.add(blobs[pin])
            part.layer.append(graph.split_layer(blobs[pin], name, [blobs[pin]]))
    return part, blobs


def _leading_to(entries: Entries, wanted: set[int]) -> set[int]:
    """The places of the layers that must run for these entries, inputs among them."""
    needed = set(wanted)
    for entry in reversed(list(entries)):
        if entry.id in needed:
            needed.update(pin.entry for pin in entry.bottoms)
    used = {entry.place for entry in entries if entry.id in needed}
    return {place for place in used if place is not None} | set(entries.input_places)


def _free(name: str, taken: set[str]) -> str:
    """The name, with strokes behind it if it is taken."""
    while name in taken:
        name += "'"
    return name
