"""Two nets on one memory: what ``Net.share_trained_layers`` does.

Parameters go by layer name, as in the original. Those that layers share by a name of their own
(param { name: "w" }) are one parameter in both nets, so what the layers' names leave out follows:
a layer that only the test net has takes the trained values, too. In the original it keeps what its
filler made, and what is more, its net no longer shares as its prototxt says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from caffepy import log
from caffepy.core import int8
from caffepy.core.blob import Blob
from caffepy.core.weights import Namesakes
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

logger = log.get(__name__)


class Member(NamedTuple):
    """A parameter that has a name of its own."""

    layer: Layer
    blob: Blob
    permissive: bool


def share(net: Net, other: Net) -> None:
    """Let ``net`` use the parameters of ``other``. What the original would not share is logged,
    once for each net.

    Raises:
        ShapeError: a layer of equal name has another number or shape of parameters.
    """
    taken = _by_layer(net, other)
    theirs = {parameter.name: parameter.blob for parameter in other.parameters if parameter.name}
    further: list[str] = []
    for name, members in _named(net).items():
        matched = [member for member in members if id(member.blob) in taken]
        free = [member for member in members if id(member.blob) not in taken]
        source = matched[0].blob if matched else theirs.get(name)
        if len({id(member.blob.values.memory) for member in matched}) > 1:
            _tell(net, f"layers {_names(matched)} share the parameter '{name}' in this net, and do "
                       f"not in {_called(other)}: each takes that of its namesake there")
        if source is None or not free:
            continue
        if not matched and not any(_fits(member, source) for member in free):
            _tell(net, f"the parameter '{name}' of {_names(free)} has another shape than in "
                       f"{_called(other)}: it is not shared (found {free[0].blob.shape}; allowed: "
                       f"{source.shape})")
            continue
        for member in free:
            member.blob.share_values(source)
        further.append(f"'{name}' of {_names(free)}")
    if further:
        _tell(net, f"shared by the parameter's name with {_called(other)}: "
                   f"{', '.join(further)}. The original shares by the layer's name alone, and "
                   "leaves these with values of their own")


def _by_layer(net: Net, other: Net) -> set[int]:
    """Share what layers of equal name have; returns the ids of the blobs that take part.

    Steps of 8 bits go with the weights: they are those that the other net's layers have, if any.
    """
    targets, taken = Namesakes(net), set()
    rounding: list[Layer] = []
    for source in other.layers:
        layer = targets.take(source.name, bool(source.blobs))
        if layer is None:
            logger.info("Ignoring source layer %s", source.name)
            continue
        shapes = [blob.shape for blob in source.blobs]
        if [blob.shape for blob in layer.blobs] != shapes:
            layer.fail("Cannot share params with another net; shape mismatch", kind=ShapeError,
                       found=f"{shapes} in net '{other.name}'",
                       allowed=[blob.shape for blob in layer.blobs])
        for blob, source_blob in zip(layer.blobs, source.blobs, strict=True):
            blob.share_values(source_blob)
            taken.add(id(blob))
        given = source.spec.int8_param if source.spec.HasField(int8.FIELD) else None
        if source.blobs and given != layer.spec.int8_param and int8.take(layer, given):
            rounding.append(layer)
    if rounding:
        int8.plan(net, rounding, _called(other))
    return taken


def _named(net: Net) -> dict[str, list[Member]]:
    """The parameters that have names, by name, the owner first."""
    found: dict[str, list[Member]] = {}
    for layer in net.layers:
        for blob, spec in zip(layer.blobs, layer.spec.param, strict=False):
            if spec.name:
                permissive = spec.share_mode == caffe_pb2.ParamSpec.PERMISSIVE
                found.setdefault(spec.name, []).append(Member(layer, blob, permissive))
    return found


def _fits(member: Member, source: Blob) -> bool:
    return member.blob.shape == source.shape or (
        member.permissive and member.blob.count == source.count)


def _called(other: Net) -> str:
    return "the net to train" if other.label == "train" else f"the net '{other.name}'"


def _names(members: list[Member]) -> str:
    return " and ".join(f"'{member.layer.name}'" for member in members)


def _tell(net: Net, sentence: str) -> None:
    if sentence not in net.told:
        net.told.add(sentence)
        logger.warning("%s.", sentence)
