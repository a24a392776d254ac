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


def all_values(field: FieldDescriptor) -> FieldDescriptor | None:
    """The repeated field beside a single one, for files of forks that give it several times.

    It has the field's name and ``_all``; the field itself is then the first of the values.
    """
    beside: FieldDescriptor | None = field.containing_type.fields_by_name.get(f"{field.name}_all")
    return beside
