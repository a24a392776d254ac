"""What to write instead of a value that its field cannot have."""

from __future__ import annotations

import re
from typing import Any

from caffepy.errors import did_you_mean
from caffepy.proto import caffe_pb2, other_words
from caffepy.proto.hints import OLD_FORMAT, Place, fork_word, layer_type, v1_type
from caffepy.proto.type_names import TypeNames

QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019`"  # and those that word processors write


def value(known: Any, word: str, place: Place, names: TypeNames) -> str | None:
    """What to write for a value that its field cannot have; ``word`` as it is in the file."""
    plain = word.strip(QUOTES)
    if known.message_type is not None:
        return f"Write {_block(known, word)}."
    if word[:1] in ("{", "<"):
        if place.kind == "V1LayerParameter" and known.name == "param":
            return (f"In {OLD_FORMAT} param is a name. Write blobs_lr and weight_decay, once for "
                    'each blob, or the block as "layer".')
        return f"Write {known.name}: {word[1:-1].strip() or _sample(known)}."
    if not plain or word in "}>]":
        return f"{known.name} has no value."
    if known.cpp_type == known.CPPTYPE_ENUM:
        return _enum(known, word, place, names)
    if known.cpp_type == known.CPPTYPE_STRING and plain != word:
        return f'Quotes must be straight: "{plain}".'
    if known.cpp_type == known.CPPTYPE_STRING:
        return _string(known, plain, place, names)
    if known.cpp_type == known.CPPTYPE_BOOL:
        says = {"yes": "true", "on": "true", "no": "false", "off": "false", "none": "false"}
        meant = says.get(plain.lower(), plain.lower())
        return f"Write {meant}." if meant in ("true", "false") else None
    return _number(known, word, plain)


def _enum(known: Any, word: str, place: Place, names: TypeNames) -> str | None:
    plain = word.strip("\"'")
    values = known.enum_type.values_by_name
    if place.kind == "V1LayerParameter" and known.name == "type":
        return v1_type(word, names)
    if plain in values:
        return f"Without quotes: {plain}."
    if plain.lower() in (name.lower() for name in values):
        return did_you_mean(plain, values)
    if found := fork_word(f"{place.kind}.{known.name}={plain}", "word"):
        return found
    if cure := other_words.value(known.enum_type.name, plain):
        return cure if " " in cure else f"Write {cure}."
    return did_you_mean(plain, values)


def _string(known: Any, plain: str, place: Place, names: TypeNames) -> str | None:
    if known.name == "type" and place.kind == "LayerParameter":
        if plain in names.params:
            return f'Write "{plain}".'
        if plain in caffe_pb2.V1LayerParameter.LayerType.keys():
            today = names.v1.get(plain, "Convolution")
            such = "" if plain in names.v1 else " such as"
            return f'{plain} is one of "layers"; in "layer" write{such} type: "{today}".'
        if names.params:
            return f'Types are in quotes. {layer_type(plain, names)}'
    return f'Write "{plain}".'


def _number(known: Any, word: str, plain: str) -> str | None:
    whole = known.cpp_type not in (known.CPPTYPE_FLOAT, known.CPPTYPE_DOUBLE)
    if plain == word and whole and re.fullmatch(r"[-+]?\d+", word):
        return None  # out of range
    try:
        number = float(plain.rstrip("fF"))
    except ValueError:
        try:
            number = float(int(plain, 0))  # 0x10 for a float
        except (ValueError, OverflowError):
            return None
    if plain != word:
        return f"Without quotes: {plain}."
    if not whole:
        return f"Write {number:g}."
    return f"Write {number:.0f}." if abs(number) < 1e18 and number == int(number) else None


def _sample(known: Any) -> str:
    if known.cpp_type == known.CPPTYPE_STRING:
        return '"..."'
    if known.cpp_type == known.CPPTYPE_BOOL:
        return "true"
    if known.cpp_type == known.CPPTYPE_ENUM:
        return str(known.enum_type.values[0].name)
    return "1"


def _block(known: Any, word: str) -> str:
    """How a block is written whose field was given one value: weight_filler { type: "xavier" }."""
    plain = word.strip("\"'")
    quoted, number = plain != word, bool(re.fullmatch(r"[-+]?[\d.]+", word))
    dims = " ".join(f"dim: {dim}" for dim in re.findall(r"-?\d+", word))
    inside = {
        "FillerParameter": f'type: "constant" value: {word}' if number
        else f'type: "{plain or "xavier"}"',
        "BlobShape": dims or "dim: ...",
        "ParamSpec": f'name: "{plain}"' if quoted else f"lr_mult: {word if number else 1}",
        "NetStateRule": f"phase: {plain if plain in ('TRAIN', 'TEST') else 'TRAIN'}",
    }.get(known.message_type.name, "...")
    return f"{known.name} {{ {inside} }}"
