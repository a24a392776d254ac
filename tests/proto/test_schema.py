"""caffe.proto is the original's schema, field by field, plus own and forks' words from 50000 up."""

import hashlib
import keyword
import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

import caffepy.proto
from caffepy.proto import caffe_pb2, fork_words

SCHEMA = Path(caffepy.proto.__file__).with_name("caffe.proto")
REFERENCE = Path(__file__).parent.parent / "reference" / "wire_schema.txt"
PAGE = Path(__file__).parents[2] / "docs" / "proto.md"
FIRST_OWN = 50000
OF_FORKS = {"V1LayerParameter.LayerType": ["CROP=40"]}  # as their binary files have it

TYPES = {
    number: name.removeprefix("TYPE_").lower() for name, number in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}  # fmt: skip


def recorded() -> dict[str, list[str]]:
    """Each message's lines, and each enum's values, as the recorded schema gives them."""
    blocks: dict[str, list[str]] = {}
    for line in REFERENCE.read_text().splitlines():
        if match := re.match(r"(?:message|enum) ([\w.]+)(?:: (.*))?$", line):
            name, values = match.groups()
            blocks[name] = values.split(", ") if values else []
        elif line.strip():
            blocks[name].append(line.strip())
    return blocks


def short(full_name: str) -> str:
    return full_name.removeprefix("caffe.")


def field_line(field: FieldDescriptor) -> str:
    proto = field_proto(field)
    label = {1: "optional", 2: "required", 3: "repeated"}[proto.label]
    kind = TYPES[field.type]
    if field.message_type:
        kind = short(field.message_type.full_name)
    elif field.enum_type:
        kind = f"enum {short(field.enum_type.full_name)}"
    options = "  [packed]" if proto.options.packed else ""
    if proto.HasField("default_value"):
        value = field.default_value
        shown = field.enum_type.values_by_number[value].name if field.enum_type else repr(value)
        options = f"  [default={shown}]"
    return f"{field.number} {label} {kind} {field.name}{options}"


def field_proto(field: FieldDescriptor):
    file = FileDescriptorProto()
    caffe_pb2.DESCRIPTOR.CopyToProto(file)
    message = next(m for m in file.message_type if m.name == field.containing_type.name)
    return next(f for f in message.field if f.number == field.number)


def lines_of(block: Descriptor | EnumDescriptor, *, own: bool) -> list[str]:
    if isinstance(block, EnumDescriptor):
        values = [value for value in block.values if (value.number >= FIRST_OWN) == own]
        return [f"{value.name}={value.number}" for value in values]
    fields = [f for f in block.fields_by_number.values() if (f.number >= FIRST_OWN) == own]
    return [field_line(f) for f in sorted(fields, key=lambda f: f.number)]


def blocks() -> dict[str, Descriptor | EnumDescriptor]:
    file = caffe_pb2.DESCRIPTOR
    found = {**file.message_types_by_name, **file.enum_types_by_name}
    for message in file.message_types_by_name.values():
        found |= {f"{message.name}.{e.name}": e for e in message.enum_types}
    return found


def test_the_reference_has_all_of_the_original():
    names = recorded()
    assert len([n for n in names if "." not in n]) == 64  # 63 messages and Phase
    assert len(names) == 63 + 26


@pytest.mark.parametrize("name", sorted(recorded()))
def test_the_original_part_is_equal(name):
    lines = lines_of(blocks()[name], own=False)
    assert [line for line in lines if line not in OF_FORKS.get(name, ())] == recorded()[name]


def test_what_is_the_forks_is_there_and_told():
    for name, lines in OF_FORKS.items():
        assert set(lines) <= set(lines_of(blocks()[name], own=False))
        for line in lines:
            word, number = line.split("=")
            row = f"| {name.replace('.', ', ')} | {word} | {number} |"
            assert row in PAGE.read_text(), f"docs/proto.md does not tell of {line}"


def listed() -> set[tuple[str, str, int]]:
    """(message, field, number) of each row of docs/proto.md that names one field."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    return {(message, field, int(number)) for message, field, number in rows}


def own_fields() -> list[FieldDescriptor]:
    """All fields from 50000 up."""
    return [field for block in blocks().values() for field in getattr(block, "fields", ())
            if field.number >= FIRST_OWN]


def own_values() -> list[tuple[str, str]]:
    """(enum, value) of all enum values from 50000 up."""
    return [(name, value.name) for name, block in blocks().items()
            if isinstance(block, EnumDescriptor)
            for value in block.values if value.number >= FIRST_OWN]


def test_what_is_ours_is_listed_and_what_is_a_fork_s_says_whose():
    ours = listed()
    for field in own_fields():
        name = field.containing_type.name
        if (name, field.name, field.number) not in ours:
            said = fork_words.comments()[f"{name}.{field.name}"]
            assert re.match(r"[^:]{2,}: .{3,}", said), f"whose is {name}.{field.name}?"
    found = {(f.containing_type.name, f.name, f.number) for f in own_fields()}
    assert ours <= found, "docs/proto.md lists fields that are not there"


def test_every_value_of_forks_says_whose():
    assert ("LossParameter.NormalizationMode", "PRE_FIXED") in own_values()
    for enum, value in own_values():
        said = fork_words.comments()[f"{enum}.{value}"]
        assert re.match(r"[^:]{2,}: .{3,}", said), f"whose is {enum}.{value}?"


def test_every_message_of_forks_says_whose():
    fresh = set(caffe_pb2.DESCRIPTOR.message_types_by_name) - set(recorded()) - {"LayerState"}
    assert {"PermuteParameter", "BNParameter", "AnnotatedDatum"} <= fresh
    for name in fresh:
        assert re.match(r"[^:]{2,}: .{3,}", fork_words.comments()[name]), f"whose is {name}?"


def test_every_engine_has_the_same_values():
    engines = [lines_of(block, own=True) for name, block in blocks().items()
               if name.endswith(".Engine")]
    assert len(engines) > 8
    assert all(own == engines[0] for own in engines)
    assert engines[0][:4] == ["REFERENCE=50001", "ONEDNN=50002", "MKL2017=50003", "MKLDNN=50004"]


def test_defaults_stand_only_where_forks_agree():
    """Those that forks give differently tell "not given" apart from any value."""
    for message, names in {
        "BNParameter": ("momentum", "eps", "frozen", "bn_mode", "var_eps", "decay"),
        "NormalizeParameter": ("across_spatial", "channel_shared"),
        "UpsampleParameter": ("scale",),
        "PriorBoxParameter": ("clip", "denser_prior_boxes"),
        "BatchNormParameter": ("use_weight_bias", "scale_bias"),
        "PoolingParameter": ("ceil_mode", "torch_pooling", "avg_include_pad"),
        "CTCLossParameter": ("blank_index", "blank_label"),
        "FocalLossParameter": ("alpha",),
        "MultiBoxLossParameter": ("mining_type", "do_neg_mining"),
    }.items():
        fields = caffe_pb2.DESCRIPTOR.message_types_by_name[message].fields_by_name
        for name in names:
            assert not field_proto(fields[name]).HasField("default_value"), f"{message}.{name}"


def test_the_descriptor_is_made_from_this_very_schema():
    """The hash that scripts/gen_proto left in caffe.desc: needs no compiler."""
    file = FileDescriptorProto.FromString(SCHEMA.with_name("caffe.desc").read_bytes())
    assert (
        file.source_code_info.location[0].leading_comments
        == hashlib.sha256(SCHEMA.read_bytes()).hexdigest()
    ), "run scripts/gen_proto"


def test_the_type_stubs_name_every_field():
    stubs = SCHEMA.with_name("caffe_pb2.pyi").read_text()
    for name, message in caffe_pb2.DESCRIPTOR.message_types_by_name.items():
        body = stubs.split(f"class {name}(Message):", 1)[1].split("\nclass ", 1)[0]
        for field in (f for f in message.fields if not keyword.iskeyword(f.name)):
            assert f"    {field.name}: " in body, f"{name}.{field.name}: run scripts/gen_proto"
