"""Weights and solver histories, in and out at the speed of memory.

A caffemodel is a NetParameter on the wire. Of it only the layers' names, types and blobs are read:
other fields may be a fork's, whose numbers mean something else there. The floats are taken from the
bytes as they lie, without passing through Python lists, and a file is written the same way.

    weights = read_net("lenet.caffemodel")
    weights.blobs("conv1")[0]                # float32, (20, 1, 5, 5)
    write_net("copy.caffemodel", net, [[w, b], [], ...])

Wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import DataError, did_you_mean
from caffepy.proto import caffe_pb2
from caffepy.proto.blobs import BLOBS_FIELD, array_to_blob, blob_chunks, blob_to_array, take_blob
from caffepy.proto.files import atomic_write, mapped, sniff, sniff_bytes, stranger
from caffepy.proto.varint import LENGTH, key, varint
from caffepy.proto.wirereader import Field, Region

__all__ = [
    "LayerWeights", "Weights", "array_to_blob", "blob_to_array", "layer_names", "read_blob",
    "read_net", "read_state", "sniff", "write_blob", "write_net", "write_state",
]  # fmt: skip

Array = NDArray[np.floating]
Path = str | os.PathLike[str]

LAYER = caffe_pb2.NetParameter.DESCRIPTOR.fields_by_name["layer"].number
BLOBS = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name["blobs"].number
HISTORY = caffe_pb2.SolverState.DESCRIPTOR.fields_by_name["history"].number

LIMIT = (1 << 31) - 1  # protobuf reads no longer message
FIX_KIND = {
    "solverstate": "A solverstate goes on with a training (--snapshot); weights are beside it.",
    "caffemodel": "A caffemodel holds weights (--weights); the solverstate is beside it.",
    "prototxt": "The prototxt describes the net; weights are in a .caffemodel.",
}


@dataclass(frozen=True)
class LayerWeights:
    """The blobs of one layer of a file.

    Attributes:
        name, type: as the file says; a V1 type is the name of its enum value.
        blobs: the parameters, in Caffe's shapes; float64 where the file has doubles. None where
            an HDF5 file leaves one to the layer that owns it.
        diffs: for each blob its gradient, or None.
        int8: an Int8Parameter, or None.
    """

    name: str
    type: str
    blobs: list[Any]  # Array or None
    diffs: list[Array | None]
    int8: Any = None


@dataclass(frozen=True)
class Weights:
    """The layers of a caffemodel, in file order, those without blobs too."""

    path: str
    name: str
    layers: list[LayerWeights]

    def blobs(self, layer_name: str) -> list[Array]:
        """The blobs of a layer (the last of that name: loading in file order ends with it).

        Raises:
            DataError: the file has no such layer.
        """
        for layer in reversed(self.layers):
            if layer.name == layer_name:
                return layer.blobs
        names = [layer.name for layer in self.layers]
        raise DataError(
            f"no layer '{layer_name}' in these weights",
            where=self.path,
            fix=did_you_mean(layer_name, names),
        )


def read_net(path: Path, lent: bool = False) -> Weights:
    """Read the weights of a caffemodel of any age: V2, V1 or V0, packed or not, raw half too.

    Args:
        lent: the arrays are read-only views of the file's pages, for who copies them at once; else
            they are the caller's own.

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or of another kind.
    """
    place = os.fspath(path)
    with mapped(path) as data:
        _expect("caffemodel", data, place)
        return net_of(Region.whole(data, place, lent))


def layer_names(path: Path) -> frozenset[str]:
    """The layers of a caffemodel that have weights, which are passed over and not read.

    Raises:
        NotFound, DataError: as ``read_net``.
    """
    place, found = os.fspath(path), set()
    with mapped(path) as data:
        _expect("caffemodel", data, place)
        for field in Region.whole(data, place).fields():
            if field.wire != LENGTH or field.number not in (2, 100):
                continue
            numbers, name, learnt = BLOBS_FIELD[field.number], "", False
            for inner in field.region.fields():
                if inner.wire == LENGTH and inner.number == numbers["name"]:
                    name = inner.region.text()
                learnt |= inner.number in (numbers["blobs"], numbers.get("v0"))
            if learnt:
                found.add(name)
    return frozenset(found)


def net_of(region: Region) -> Weights:
    """The weights of the NetParameter that lies in a region.

    Raises:
        DataError: damaged bytes, or no layers in them.
    """
    name, layers = "", []
    for field in region.fields():
        if field.wire != LENGTH:
            continue
        if field.number == 1:
            name = field.region.text()
        elif field.number in (2, 100):
            layers.append(_layer(field.region, BLOBS_FIELD[field.number]))
    if not layers:
        raise DataError("no layers are in it; this is no caffemodel", where=region.path)
    return Weights(region.path, name, layers)


def _layer(region: Region, numbers: dict[str, int]) -> LayerWeights:
    """Name, type and blobs of a layer whose fields have these numbers."""
    name, kind = "", ""
    blobs: list[Array] = []
    diffs: list[Array | None] = []
    int8 = None
    for field in region.fields():
        if field.number == numbers["name"] and field.wire == LENGTH:
            name = field.region.text()
        elif field.number == numbers["type"]:
            kind = _type_name(field)
        elif field.number == numbers["blobs"] and field.wire == LENGTH:
            data, diff = take_blob(field.region)
            blobs.append(data)
            diffs.append(diff)
        elif field.number == numbers.get("v0") and field.wire == LENGTH:
            inner = _layer(field.region, BLOBS_FIELD[0])
            name, kind = inner.name or name, inner.type or kind
            blobs += inner.blobs
            diffs += inner.diffs
        elif field.number == numbers.get("int8") and field.wire == LENGTH:
            int8 = _int8(field.region)
    return LayerWeights(name, kind, blobs, diffs, int8)


def _int8(region: Region) -> Any:
    try:
        return caffe_pb2.Int8Parameter.FromString(bytes(region.bytes()))
    except Exception as error:  # protobuf's DecodeError; its class differs by runtime
        raise DataError(f"a damaged int8_param: {error}", where=region.path) from None


def _type_name(field: Field) -> str:
    if field.wire == LENGTH:
        return field.region.text()
    types = caffe_pb2.V1LayerParameter.DESCRIPTOR.enum_types_by_name["LayerType"]
    known = types.values_by_number.get(field.value)
    return known.name if known else str(field.value)


def read_state(path: Path) -> tuple[caffe_pb2.SolverState, list[Array]]:
    """Read a solverstate: the message without its history, and the history as arrays.

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or of another kind.
    """
    place = os.fspath(path)
    with mapped(path) as data:
        _expect("solverstate", data, place)
        history, rest = [], bytearray()
        for field in Region.whole(data, place).fields():
            if field.number == HISTORY and field.wire == LENGTH:
                history.append(take_blob(field.region)[0])
            else:
                rest += data[field.start : field.end]
    try:
        return caffe_pb2.SolverState.FromString(bytes(rest)), history
    except Exception as error:  # protobuf's DecodeError; its class differs by runtime
        raise DataError(f"a damaged solverstate: {error}", where=place) from None


def read_blob(path: Path) -> Array:
    """Read a file with one BlobProto (a mean picture, an infogain matrix).

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or of another kind.
    """
    place = os.fspath(path)
    with mapped(path) as data:
        _expect("binaryproto", data, place)
        return take_blob(Region.whole(data, place))[0]


def _expect(kind: str, data: memoryview, place: str) -> None:
    if not len(data):
        raise DataError("the file is empty", where=place)
    if other := stranger(data):
        raise DataError(f"this is no {kind}", where=place, found=other[0], fix=other[1])
    found = sniff_bytes(data)
    if found not in (kind, "unknown"):  # what is unknown fails below, at the byte that is wrong
        raise DataError(
            f"this is no {kind}", where=place, found=f"a {found} file", fix=FIX_KIND.get(found)
        )


def write_net(
    target: Path | BinaryIO,
    net: caffe_pb2.NetParameter,
    blobs: Sequence[Sequence[Array]],
    diffs: Sequence[Sequence[Array]] | None = None,
) -> None:
    """Write a caffemodel: byte for byte what protobuf makes of ``net`` with the blobs filled in.

    Args:
        target: a path (written whole or not at all) or an open binary file.
        net: the net; blobs in its layers are ignored.
        blobs: for each of net.layer its parameters; float64 is kept as double_data.
        diffs: likewise the gradients, if they are to be saved.

    Raises:
        DataError: the file would be longer than protobuf reads (2 GB), or cannot be written.
    """
    head = caffe_pb2.NetParameter()
    head.CopyFrom(net)
    head.ClearField("layer")
    chunks: list[bytes | memoryview] = [head.SerializeToString()]
    grads = diffs if diffs is not None else [[] for _ in net.layer]
    for layer, arrays, gradients in zip(net.layer, blobs, grads, strict=True):
        bare = caffe_pb2.LayerParameter()
        bare.CopyFrom(layer)
        bare.ClearField("blobs")
        filled = _with_blobs(bare.SerializePartialToString(), BLOBS, arrays, gradients)
        chunks += [key(LAYER, LENGTH), varint(_size(filled)), *filled]
    _write(target, chunks)


def write_state(
    target: Path | BinaryIO, state: caffe_pb2.SolverState, history: Sequence[Array]
) -> None:
    """Write a solverstate: ``state`` with ``history`` in place of its own.

    Raises: as ``write_net``.
    """
    bare = caffe_pb2.SolverState()
    bare.CopyFrom(state)
    bare.ClearField("history")
    _write(target, _with_blobs(bare.SerializeToString(), HISTORY, history, []))


def write_blob(target: Path | BinaryIO, array: Array) -> None:
    """Write a file with one BlobProto of the array's shape.

    Raises: as ``write_net``.
    """
    _write(target, blob_chunks(array))


def _with_blobs(
    message: bytes, number: int, arrays: Sequence[Array], diffs: Sequence[Array]
) -> list[bytes | memoryview]:
    """A serialized message with blobs as field ``number``, in the order of field numbers."""
    cut = len(message)
    for field in Region.whole(memoryview(message), "message").fields():
        if field.number > number:
            cut = field.start
            break
    chunks: list[bytes | memoryview] = [message[:cut]]
    for i, array in enumerate(arrays):
        blob = blob_chunks(array, diffs[i] if i < len(diffs) else None)
        chunks += [key(number, LENGTH), varint(_size(blob)), *blob]
    return [*chunks, message[cut:]]


def _size(chunks: Sequence[bytes | memoryview]) -> int:
    return sum(memoryview(chunk).nbytes for chunk in chunks)


def _write(target: Path | BinaryIO, chunks: Sequence[bytes | memoryview]) -> None:
    size = _size(chunks)
    if size > LIMIT:
        raise DataError(
            "too much for one protobuf message",
            where=str(getattr(target, "name", target)),
            found=f"{size} bytes",
            allowed=f"up to {LIMIT}",
            fix="Use snapshot_format: HDF5.",
        )
    if isinstance(target, (str, os.PathLike)):
        with atomic_write(target) as file:
            file.writelines(chunks)
    else:
        target.writelines(chunks)
