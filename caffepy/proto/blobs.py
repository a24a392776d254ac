"""BlobProto and arrays: every way in which files have kept values, and the one we write.

Shapes: ``shape`` if given, else the four axes of old files. Values: ``double_data``, ``data``
(packed or one by one), or NVIDIA's raw bytes, which may be half floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from caffepy.proto import caffe_pb2
from caffepy.proto.varint import FIXED32, FIXED64, LENGTH, VARINT, key, varint
from caffepy.proto.wirereader import Field, Region

Array = NDArray[np.floating]


def _numbers(message: type, **names: str) -> dict[str, int]:
    fields = message.DESCRIPTOR.fields_by_name  # type: ignore[attr-defined]
    return {role: fields[name].number for role, name in names.items()}


# where a layer of NetParameter's field 100 (V2), 2 (V1), and of V1's `layer` (V0) keeps what
BLOBS_FIELD = {
    100: _numbers(caffe_pb2.LayerParameter, name="name", type="type", blobs="blobs",
                  int8="int8_param"),
    2: _numbers(caffe_pb2.V1LayerParameter, name="name", type="type", blobs="blobs", v0="layer"),
    0: _numbers(caffe_pb2.V0LayerParameter, name="name", type="type", blobs="blobs"),
}
MOST, MOST_AXES = (1 << 31) - 1, 32  # as the original counts
LEGACY = ("num", "channels", "height", "width")
OURS = caffe_pb2.BlobProto.DESCRIPTOR.fields_by_name
SHAPE = OURS["shape"].number
DIM = caffe_pb2.BlobShape.DESCRIPTOR.fields_by_name["dim"].number
LEGACY_NUMBERS = [OURS[name].number for name in LEGACY]
FLOATS = {OURS["data"].number: "data", OURS["diff"].number: "diff"}
DOUBLES = {OURS["double_data"].number: "data", OURS["double_diff"].number: "diff"}

# NVIDIA's fork (0.16 on): the kind of the bytes, then the bytes
RAW_TYPE = {10: "data", 11: "diff"}
RAW = {12: "data", 13: "diff"}
RAW_DTYPES = {0: "<f8", 1: "<f4", 2: "<f2", 3: "<i4", 4: "<u4"}
FLOAT32 = 1


class _Values:
    """The pieces of ``data`` or ``diff``, as they turn up."""

    def __init__(self) -> None:
        self.floats: list[Array] = []
        self.doubles: list[Array] = []
        self.raw: Region | None = None
        self.raw_type = FLOAT32

    def array(self) -> Array | None:
        """All of them; doubles win over floats, as in the original. None if there are none."""
        for pieces in (self.doubles, self.floats):
            if pieces:
                return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        if self.raw is None:
            return None
        dtype = RAW_DTYPES.get(self.raw_type)
        if dtype is None:
            self.raw.fail(f"raw data of the unknown type {self.raw_type}", self.raw.start)
        values = self.raw.array(dtype)
        return values if dtype == "<f8" else values.astype(np.float32, copy=False)


def take_blob(region: Region) -> tuple[Array, Array | None]:
    """The data and the diff of the BlobProto that lies in a region.

    Raises:
        DataError: damaged bytes, or a shape that does not fit the number of values.
    """
    values = {"data": _Values(), "diff": _Values()}
    shape: list[int] = []
    legacy: dict[int, int] = {}
    at = region.start
    while at < region.end:
        field = region.field_at(at)
        at = field.end
        number = field.number
        if number in FLOATS:
            at = _take(field, values[FLOATS[number]].floats, "<f4", FIXED32)
        elif number in DOUBLES:
            at = _take(field, values[DOUBLES[number]].doubles, "<f8", FIXED64)
        elif number == SHAPE and field.wire == LENGTH:
            shape += _dims(field.region)
        elif number in LEGACY_NUMBERS and field.wire == VARINT:
            legacy[number] = _signed(field.value)
        elif number in RAW_TYPE and field.wire == VARINT:
            values[RAW_TYPE[number]].raw_type = field.value
        elif number in RAW and field.wire == LENGTH:
            values[RAW[number]].raw = field.region
    if legacy:
        shape = [legacy.get(number, 0) for number in LEGACY_NUMBERS]
    data = values["data"].array()
    diff = values["diff"].array()
    if data is None:
        data = np.empty(0, np.float32)
    return _shaped(region, data, shape), None if diff is None else _shaped(region, diff, shape)


def _take(field: Field, pieces: list[Array], dtype: str, wire: int) -> int:
    """Append the values that begin with this field; returns the place after them."""
    if field.wire == LENGTH:
        if field.value:
            pieces.append(field.region.array(dtype))
        return field.end
    if field.wire != wire:
        field.outer.fail(f"field {field.number} of a blob is no list of numbers", field.start)
    values, end = field.run(dtype)
    pieces.append(values)
    return end


def _dims(region: Region) -> Iterator[int]:
    for field in region.fields():
        if field.number != DIM:
            continue
        if field.wire == VARINT:
            yield _signed(field.value)
        elif field.wire == LENGTH:
            at = field.value_at
            while at < field.end:
                value, at = field.region.varint_at(at)
                yield _signed(value)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _shaped(region: Region, values: Array, shape: list[int]) -> Array:
    # an axis of 0 would let the others be anything, which NumPy in turn refuses
    absurd = math.prod(max(extent, 1) for extent in shape) > MOST or len(shape) > MOST_AXES
    if absurd or min(shape, default=0) < 0 or math.prod(shape) != len(values):
        holds = "x".join(map(str, shape)) or "a single value"
        region.fail(f"a blob of shape {holds} holds {len(values)} values", region.start)
    return values.reshape(shape)


def blob_chunks(array: Array, diff: Array | None = None) -> list[bytes | memoryview]:
    """The bytes of the BlobProto with this data, diff and shape, in pieces that copy nothing.

    float64 becomes double_data; every other type is kept as float32.
    """
    double = array.dtype == np.float64
    kinds = DOUBLES if double else FLOATS
    lists: list[bytes | memoryview] = []
    for number, values in zip(kinds, (array, diff), strict=True):
        if values is not None and values.size:
            flat = np.ascontiguousarray(values, "<f8" if double else "<f4").reshape(-1)
            lists += [key(number, LENGTH), varint(flat.nbytes), flat.data.cast("B")]
    dims = b"".join(varint(extent) for extent in array.shape)
    packed = key(DIM, LENGTH) + varint(len(dims)) + dims if dims else b""
    shape = key(SHAPE, LENGTH) + varint(len(packed)) + packed if dims else b""
    return [shape, *lists] if double else [*lists, shape]


def blob_to_array(blob: caffe_pb2.BlobProto) -> Array:
    """The data of a message, as a new array: float32, or float64 if it has double_data.

    Raises:
        DataError: the shape does not fit the number of values.
    """
    return _from_message(blob)[0]


def diff_to_array(blob: caffe_pb2.BlobProto) -> Array | None:
    """The diff of a message, or None."""
    return _from_message(blob)[1]


def _from_message(blob: caffe_pb2.BlobProto) -> tuple[Array, Array | None]:
    return take_blob(Region.whole(memoryview(blob.SerializeToString()), "BlobProto"))


def array_to_blob(
    array: Array, blob: caffe_pb2.BlobProto | None = None, diff: Array | None = None
) -> caffe_pb2.BlobProto:
    """A message (a new one, or ``blob``, cleared first) with the array's shape and values."""
    if blob is None:
        blob = caffe_pb2.BlobProto()
    blob.ParseFromString(b"".join(blob_chunks(array, diff)))
    return blob
