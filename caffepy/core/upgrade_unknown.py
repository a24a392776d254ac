"""Binary layers of V1's days with a type or fields that nobody knows, in today's format."""

from __future__ import annotations

from google.protobuf.unknown_fields import UnknownFieldSet

from caffepy import log
from caffepy.proto import caffe_pb2
from caffepy.proto.varint import LENGTH, VARINT, key, varint
from caffepy.proto.wirereader import FIXED

logger = log.get(__name__)

TYPE = caffe_pb2.V1LayerParameter.DESCRIPTOR.fields_by_name["type"].number


def keep_unknown_fields(old: caffe_pb2.V1LayerParameter, new: caffe_pb2.LayerParameter) -> None:
    """Give a layer what the old one has under numbers that nobody knows: a type by its number, and
    fields, where that number is free today."""
    known = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_number
    for field in UnknownFieldSet(old):
        number, wire, value = field.field_number, field.wire_type, field.data
        if number == TYPE and wire == VARINT:
            new.type = str(value)
        elif number not in known and wire in (VARINT, LENGTH, *FIXED):
            content = (varint(value) if wire == VARINT else
                       value.to_bytes(FIXED[wire], "little") if wire in FIXED else
                       varint(len(value)) + value)
            new.MergeFromString(key(number, wire) + content)
        else:
            logger.warning("layer '%s': a fork's field %d is lost, whose number is another's today",
                           old.name, number)
