"""A net for use without batch normalization: its statistics go into the weights before it.

Behind y = w x + b, what only scales and shifts channels (BatchNorm and Scale, all forks' BN, Bias)
is f y + s = (f w) x + (f b + s): weights and a bias as any other, which every Caffe runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.errors import ConfigError, NumericError
from caffepy.services import work

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.core.node import Node

MOST = 1e-3  # of a blob's largest number: so much, and the nets count as two


@dataclass
class Merged:
    """What ``merge`` made.

    Attributes:
        net: the net with new weights, built.
        param: its NetParameter, as a prototxt should show it.
        folded: for each layer with new weights its name and those that went into it.
        left: the normalizations that stay: name, type, and why.
        largest: the largest difference of a blob that both nets have, over its largest number.
    """

    net: Net
    param: Any
    folded: list[tuple[str, list[str]]] = field(default_factory=list)
    left: list[tuple[str, str, str]] = field(default_factory=list)
    largest: float = 0.0


def merge(model: str, weights: Sequence[str]) -> Merged:
    """Fold what a net's TEST phase normalizes, and compare both nets on one input.

    Args:
        model: a prototxt with inputs, as `deploy` makes it.
        weights: .caffemodel files for it.

    Raises:
        ConfigError: the net reads data. NotFound, CaffeError: files that are missing, damaged or do
            not fit. NumericError: the nets differ, so nothing should be written.
    """
    from caffepy.core import graph
    from caffepy.core.net import Net
    from caffepy.core.upgrade import read_net_param
    from caffepy.proto import caffe_pb2
    from caffepy.services.deployed import is_data

    with work.quiet():
        param, source = read_net_param(model)
        param.state.phase = caffe_pb2.TEST
        kept = graph.filter_net(param, param.state, source)
        if data := [layer.name for layer in kept.layer if is_data(layer) and not _waits(layer)]:
            raise ConfigError("the net is one for training: it reads data itself", where=model,
                              found=f"layer '{data[0]}'",
                              fix="Make the net for use first: caffepy deploy.")
        before = Net((kept, source), caffe_pb2.TEST)
        try:
            for path in weights:
                before.load(path)
            merged = _merged(before, kept)
            merged.largest = difference(before, merged.net)
        finally:
            before.close()
    return merged


def write(merged: Merged, prototxt: str, said: str) -> list[str]:
    """Write the net, and its weights beside it; returns both paths.

    Args:
        said: a comment for the first line of the prototxt.
    """
    from caffepy.core import weights
    from caffepy.proto import text
    from caffepy.proto.files import atomic_write

    model = str(Path(prototxt).with_suffix(".caffemodel"))
    weights.save(merged.net, model, diff=False)
    with atomic_write(prototxt) as file:
        file.write(f"# {said}\n{text.to_text(merged.param)}".encode())
    return [prototxt, model]


def difference(before: Net, after: Net) -> float:
    """Run both on one random input; the largest difference of a blob that both have, over the
    blob's largest number. Raises: NumericError, it is more than MOST."""
    from caffepy.core.memory import Place
    from caffepy.services.bench.nets import fill_inputs

    for net in (before, after):
        fill_inputs(net, classes=2)
        net.forward()
    largest = 0.0
    for name, blob in after.blobs.items():
        if name not in before.blobs:
            continue
        ours, theirs = (one.values.read(Place.HOST) for one in (blob, before.blobs[name]))
        size = float(np.abs(theirs).max(initial=0)) or 1.0
        off = float(np.abs(ours - theirs).max(initial=0)) / size
        if not off <= MOST:
            raise NumericError(f"the blob '{name}' differs", where=f"net '{after.name}'",
                               found=f"{off:.3g} of its largest number", allowed=f"{MOST:g}",
                               fix="Are there statistics with a variance of 0, or of no number?")
        largest = max(largest, off)
    return largest


def _waits(layer: Any) -> bool:
    from caffepy.core import traits

    return traits.of(layer).waits


def _merged(net: Net, kept: Any) -> Merged:
    """The net of ``net`` and its filtered NetParameter, with folded weights."""
    from caffepy.core import fusion
    from caffepy.core.memory import Place
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    users = fusion.users_of(net)
    shared = _shared(net)
    folded: dict[int, list[Node]] = {}
    why: dict[int, str] = {}
    gone: set[int] = set()
    for node in net.nodes:
        if node.number in gone or len(node.bottoms) != 1:
            continue
        chain = fusion.chain_from(node, net.nodes, users, True, len(net.nodes))
        behind = list(takewhile(lambda one: one.layer.affine() is not None, chain[1:]))
        if not behind:
            continue
        if node.layer.scaled(*fusion.affine_of([one.layer for one in behind])) is None:
            continue
        if shared.intersection(id(blob.values.memory) for blob in node.layer.blobs):
            why[behind[0].number] = f"'{node.layer.name}' shares its weights with other layers"
            continue
        folded[node.number] = behind
        gone.update(one.number for one in behind)

    made = caffe_pb2.NetParameter()
    made.CopyFrom(kept)
    made.ClearField("layer")
    made.ClearField("state")
    values: list[list[Any]] = []
    for node, layer in _paired(net, kept):
        if node.number in gone:
            continue
        new = made.layer.add()
        new.CopyFrom(layer)
        new.ClearField("include")
        new.ClearField("exclude")
        if behind := folded.get(node.number, []):
            _say_bias(new)
            new.top[0] = behind[-1].top_names[0]
            values.append(node.layer.scaled(  # type: ignore[arg-type]
                *fusion.affine_of([one.layer for one in behind])))
        else:
            values.append([blob.values.read(Place.HOST) for blob in node.layer.blobs])
    merged = Merged(Net(made, caffe_pb2.TEST), made)
    for (node, _), arrays in zip(_paired(merged.net, made), values, strict=True):
        for blob, array in zip(node.layer.blobs, arrays, strict=True):
            blob.values.overwrite(Place.HOST)[...] = array.reshape(blob.shape)
    merged.folded = [(net.nodes[number].layer.name, [one.layer.name for one in behind])
                     for number, behind in folded.items()]
    merged.left = [(node.layer.name, node.layer.type, why.get(node.number) or _why(node, net))
                   for node in net.nodes if node.layer.normalizes and node.number not in gone]
    return merged


def _paired(net: Net, param: Any) -> list[tuple[Node, Any]]:
    """The nodes of a net with the layers of its NetParameter: without the splits that it added."""
    names = [layer.name for layer in param.layer]
    own, splits = Counter(names), Counter(net.layer_names)
    nodes = [node for node in net.nodes
             if not (node.layer.splits and splits[node.layer.name] > own[node.layer.name])]
    return list(zip(nodes, param.layer, strict=True))


def _shared(net: Net) -> set[int]:
    """The memories that are parameters of several layers."""
    count = Counter(id(blob.values.memory) for layer in net.layers for blob in layer.blobs)
    return {memory for memory, times in count.items() if times > 1}


def _say_bias(layer: Any) -> None:
    """Let a layer have the bias that it may not have had; to have one is the default."""
    for _, value in layer.ListFields():
        if hasattr(value, "DESCRIPTOR") and "bias_term" in value.DESCRIPTOR.fields_by_name:
            value.ClearField("bias_term")


def _why(node: Node, net: Net) -> str:
    """Why a normalization stays."""
    if node.layer.affine() is None:
        return "it normalizes by what is in the batch"
    maker = next(one for one in reversed(net.nodes[: node.number])
                 if node.bottoms[0].values.memory in [blob.values.memory for blob in one.tops])
    if maker.layer.splits:
        return f"'{node.layer.reads[0]}' has other readers, too"
    return f"'{maker.layer.name}' ({maker.layer.type}) before it is no sum over weights"
