"""What a field of the schema is, asked in the way that every version of protobuf answers."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor


def is_repeated(field: FieldDescriptor) -> bool:
    """Does the field hold any number of values?"""
    if hasattr(field, "is_repeated"):
        return field.is_repeated
    return field.label == FieldDescriptor.LABEL_REPEATED  # older runtimes; newer ones warn of it


def is_required(field: FieldDescriptor) -> bool:
    """Must the field be set?"""
    if hasattr(field, "is_required"):
        return field.is_required
    return field.label == FieldDescriptor.LABEL_REQUIRED
