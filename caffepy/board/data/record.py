"""One record of a database, a list or an HDF5 file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from caffepy.data import datum
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.box_rows import COLUMNS
from caffepy.data.picture_size import refuse_giant
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.services.data_sheet.boxes import Box

Array = NDArray[Any]

MOST_PIXELS = 100_000_000  # of a picture that is decoded to be shown


@dataclass
class Record:
    """What a store gives.

    Attributes:
        key: the key of a database, the path of a list, the row of an HDF5 file.
        picture: C x H x W, uint8 in OpenCV's order or float32; any other shape for what is no
            picture; None if there is none, or it cannot be decoded.
        labels: its class; of boxes the class of each.
        boxes: in shares of the picture's sides.
        encoded: whether the bytes of a picture file are stored.
        trouble: why it cannot be read, "" if it can.
        digest: of the stored bytes.
    """

    number: int
    key: str
    picture: Array | None = None
    labels: list[int] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    encoded: bool = False
    trouble: str = ""
    digest: bytes = b""


def digest(data: bytes | memoryview) -> bytes:
    """By which equal contents are known."""
    return hashlib.blake2b(data, digest_size=12).digest()


def of_value(number: int, key: bytes, value: bytes) -> Record:
    """A database's record: a Datum, or SSD's AnnotatedDatum."""
    record = Record(number, key.decode(errors="backslashreplace"))
    try:
        annotated = _annotated(value)
        one = annotated.datum if annotated is not None else datum.parse(value)
        record.encoded = one.encoded
        record.digest = digest(one.data or np.array(one.float_data, np.float32).tobytes())
        if annotated is not None and annotated.annotation_group:
            record.boxes = _boxes(annotated)
            record.labels = [box.label for box in record.boxes]
        elif one.HasField("label"):
            record.labels = [one.label]
        if one.encoded:
            refuse_giant(one.data, MOST_PIXELS)
        record.picture = datum.to_array(one)
    except CaffeError as error:
        record.trouble = error.message
    return record


def _annotated(value: bytes) -> Any:
    """An AnnotatedDatum; None for what is none. A Datum, whose first field is a number, is none."""
    if value[:1] != b"\x0a":
        return None
    try:
        found = caffe_pb2.AnnotatedDatum.FromString(value)
    except DecodeError:
        return None
    return found if found.HasField("datum") else None


def _boxes(annotated: Any) -> list[Box]:
    rows = boxes_of.of_groups(annotated.annotation_group)
    assert rows.shape[1] == COLUMNS
    return [Box(int(label), left, top, right, bottom, bool(difficult))
            for label, _, left, top, right, bottom, difficult in rows.tolist()]
