"""The data layers of a net, built without the rest of it, and the items that they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.checks import batches
from caffepy.core import graph, traits
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.core.upgrade import read_net_param
from caffepy.errors import ConfigError, EndOfData, did_you_mean
from caffepy.proto import caffe_pb2
from caffepy.services.sheets.record_names import record_names

Array = NDArray[Any]
logger = log.get(__name__)

# of a solver's nets, so that draws are theirs
LABELS = {caffe_pb2.TRAIN: "train", caffe_pb2.TEST: "test 0"}


@dataclass(frozen=True)
class Item:
    """One record as the net gets it.

    Attributes:
        number: which record, in the order in which they are read.
        name: what it is called, "" if it has no name.
        tops: of each top its part: of boxes the rows, else what stands at its place of the first
            axis.
    """

    number: int
    name: str
    tops: list[Array]


def data_part(path: str, phase: int, level: int, stages: Sequence[str], seed: int,
              layer: str = "") -> Net:
    """The net of a file with its data layers alone; what they draw is what they would in training.

    Args:
        layer: the name of one of them; "" for all.

    Raises:
        ConfigError: it has none, none of this name, or its data come from a script.
        CaffeError: as building the net.
    """
    param, where = read_net_param(path)
    param.state.phase, param.state.level = phase, level
    param.state.stage.extend(stages)
    kept = graph.filter_net(param, param.state, where)
    bring = [one for one in kept.layer if not one.bottom and one.top and _brings(one)]
    if layer:
        wanted = [one for one in bring if one.name == layer]
        if not wanted:
            names = [one.name for one in bring]
            raise ConfigError("there is no such data layer", where=path, found=layer,
                              allowed=", ".join(names) or "none in this phase",
                              fix=did_you_mean(layer, names))
        bring = wanted
    ready = [one for one in bring if not (traits.of(one).waits or traits.of(one).scripted)]
    if not ready:
        raise _nothing(path, phase, bring)
    for one in bring:
        if one not in ready:
            logger.warning("%s '%s' is left out: a script gives it its data.", one.type, one.name)
    del kept.layer[:]
    kept.layer.extend(ready)
    return Net((kept, where), context=Context(seed=seed), label=LABELS[phase])


def items(net: Net, node: Node, count: int) -> list[Item]:
    """The first items of a net's data layer: in TEST each record once, and fewer of a film that
    ends.

    Raises: as the layer's forward.
    """
    layer: Any = node.layer
    total = batches.records(layer) if layer.ordered else None
    if total is not None and layer.phase == caffe_pb2.TEST:
        count = min(count, total)
    found: list[list[Array]] = []
    while len(found) < count:
        try:
            net.forward_layer(node.number)
        except EndOfData:
            if not found:
                raise
            break
        tops = [np.array(blob.values.read(Place.HOST)) for blob in node.tops]
        size = tops[0].shape[0] if tops[0].ndim else 1
        found += [[_part(top, i, size, layer.boxed and number == 1)
                   for number, top in enumerate(tops)] for i in range(size)]
        if not size:
            break
    found = found[:count]
    names = record_names(layer, range(len(found)))
    return [Item(i, name, tops)
            for i, (name, tops) in enumerate(zip(names, found, strict=True))]


def _part(top: Array, i: int, size: int, boxes: bool) -> Array:
    if boxes and top.ndim == 4 and top.shape[:2] == (1, 1):
        rows = top[0, 0]
        return rows[rows[:, 0] == i]
    return top[i] if top.ndim and len(top) == size else top


def _brings(layer: Any) -> bool:
    """Whether it brings data from outside, or may do so."""
    kind = traits.of(layer)
    return bool(kind.data or kind.opaque or kind.foreign)


def _nothing(path: str, phase: int, bring: Sequence[Any]) -> ConfigError:
    word = caffe_pb2.Phase.Name(phase)
    other = "TEST" if word == "TRAIN" else "TRAIN"
    if not bring:
        return ConfigError(f"the net has no data layer in phase {word}", where=path,
                           fix=f"Try -phase={other}.")
    named = ", ".join(f"{one.type} '{one.name}'" for one in bring)
    return ConfigError("a script gives the net its data, so there is nothing to show", where=path,
                       found=named, fix="Show the net that reads them from files, mostly that for "
                                        f"training, or try -phase={other}.")
