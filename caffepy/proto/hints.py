"""What to write instead: the cure for a word of a prototxt that the schema does not have.

In this order: another case; the type's own message under another name; a fork's word (forks); a
word of other frameworks or older files (other_words); the block it belongs to; a slip of letters.
Values have a file of their own (value_hints).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor

from caffepy.errors import did_you_mean, nearest
from caffepy.proto import caffe_pb2, forks, other_words
from caffepy.proto.fork_words import FIRST
from caffepy.proto.type_names import TypeNames

FILE_KINDS = {"NetParameter": "a net", "SolverParameter": "a solver"}
FAVOURITES = ("param", "convolution_param", "pooling_param", "inner_product_param")
SHARED = ("transform_param", "loss_param", "param", "include")  # blocks that types have in common
OLD_TRANSFORM = ("data_param", "image_data_param", "window_data_param")  # had its fields once
LAYERS = ("LayerParameter", "V1LayerParameter")
FEW = 14  # fields of a message that an error lists
BRACES = 'It belongs to a layer: is a "}" missing above, or one too many?'
ELSEWHERE = "was another file meant?"
NOT_YET = "which caffepy does not have yet."
STRANGE = "The original never had it: it comes from a fork."
NOBODYS = ('No layer of the original has that name: it comes from a fork or a plug-in. '
           '"caffepy layers" lists what there is.')
OLD_FORMAT = 'the old format of "layers"'


@dataclass(frozen=True)
class Place:
    """Where a word stands: the blocks around it, outermost first, with the fields they are."""

    names: tuple[str, ...]
    messages: tuple[Any, ...]

    @property
    def message(self) -> Any:
        return self.messages[-1]

    @property
    def kind(self) -> str:
        return self.message.DESCRIPTOR.name

    @property
    def name(self) -> str:
        return self.names[-1] or FILE_KINDS.get(self.kind, self.kind)

    @property
    def layer(self) -> Any:
        """The innermost layer around it, or None."""
        return next((m for m in reversed(self.messages) if m.DESCRIPTOR.name in LAYERS), None)


# layer types


def layer_type(word: str, names: TypeNames) -> str:
    """What to do about a type that nobody registered."""
    return (fork_word(word, "layer") or _in_other_words(word, names)
            or did_you_mean(word, names.params) or NOBODYS)


def is_slip(word: str, names: TypeNames) -> bool:
    """Whether a type that nobody registered is surely one that is there, in other words."""
    return not fork_word(word, "layer") and _in_other_words(word, names) is not None


def _in_other_words(word: str, names: TypeNames) -> str | None:
    """What to write for a type that others call so; None if it is not known to be one."""
    same = {other_words.plain(type): type for type in names.params}.get(other_words.plain(word))
    if same and word not in names.v1:
        return f"Did you mean {same}?"
    if old := names.v1.get(word) or names.v0.get(word):
        return f'{word} is the name in {OLD_FORMAT}. In "layer" write type: "{old}".'
    if cure := other_words.type(word):
        return cure if " " in cure else f'Write type: "{cure}".'
    return None


def v1_type(word: str, names: TypeNames) -> str:
    """What to do about a word that V1's enum does not have."""
    plain = word.strip("\"'")
    values = caffe_pb2.V1LayerParameter.LayerType.keys()
    old = {type: name for name, type in names.v1.items()}
    if plain != word:
        quotes = 'Types in quotes belong to "layer" blocks; this one is "layers". '
        return quotes + v1_type(plain, names)
    if plain in values or plain in old:
        return f"Write type: {old.get(plain, plain)}."
    if plain in names.params:
        return (f"{plain} came after {OLD_FORMAT}: write the whole net in blocks of "
                f'"layer", with type: "{plain}".')
    if other_words.plain(plain) in map(other_words.plain, values):
        return did_you_mean(plain, values) or ""
    today = names.v0.get(plain) or other_words.type(plain)
    if today in old:
        return f"Write type: {old[today]}."
    return (fork_word(f"V1:{plain.upper()}", "layer") or fork_word(plain, "layer")
            or did_you_mean(plain, values) or STRANGE)


def is_strange(word: str, names: TypeNames) -> bool:
    """Whether a word that V1's enum does not have is no slip of one that it has."""
    forks_own = fork_word(f"V1:{word.upper()}", "layer") or fork_word(word, "layer")
    return v1_type(word, names) in (forks_own, STRANGE)


# fields


def unknown_field(word: str, value: str, place: Place, names: TypeNames) -> str | None:
    """What to write for a field that the message around it does not have."""
    fields = place.message.DESCRIPTOR.fields_by_name
    if other_words.plain(word) in map(other_words.plain, fields):
        return did_you_mean(word, fields)
    layer = place.layer
    own = names.params.get(names.of(layer)) if layer is not None else None
    renamed = other_words.field(place.kind, word)
    if own and renamed == own:
        return f"Write {own}."
    values = [name for name, known in fields.items()
              if known.enum_type is not None and word in known.enum_type.values_by_name]
    tries: list[Callable[[], str | None]] = [
        lambda: f"Write {values[0]}: {word}." if values else None,
        lambda: fork_word(f"{place.kind}.{word}", "word", value),
        lambda: did_you_mean(word, _original(place.message.DESCRIPTOR)),
        lambda: did_you_mean(word, fields),
    ]
    if not names.lacks(layer):  # else the word is the type's own affair
        tries[2:] = [
            lambda: _other_word(renamed, place.message.DESCRIPTOR, value),
            lambda: _other_file(word, place),
            lambda: _home(word, value, place, own),
            *tries[2:],
            lambda: _in_own_message(word, value, place, own),
            lambda: _fallback(word, place, names),
        ]
    return next((found for attempt in tries if (found := attempt())), None)


def fork_word(name: str, what: str, value: str = "") -> str | None:
    """Whose fork's word it is, and the cure.

    Args:
        name: as forks.find takes it.
        what: "layer" or "word".
        value: what the word was given.
    """
    word = forks.find(name)
    if word is None:
        return None
    short = name.rpartition(".")[2].rpartition(":")[2].rpartition("=")[2]
    whose = f"{short} is a {what} of {word.owner}"
    return f"{whose}. {filled(word.cure, value)}" if word.cure else f"{whose}, {NOT_YET}"


def _other_word(cure: str | None, descriptor: Descriptor, value: str) -> str | None:
    if cure is None:
        return None
    if " " in cure:
        return filled(cure, value)
    known = descriptor.fields_by_name.get(cure)
    return f"Write {_written(known, value)}." if known is not None else None


def filled(cure: str, value: str) -> str:
    """A cure with the value that its word was given in it."""
    given = value if re.fullmatch(r"[\w.+-]+", value) else ""
    return re.sub(r"\{v(?:\|(\w+))?\}", lambda match: given or match[1] or "...", cure)


def _written(known: Any, value: str) -> str:
    """``pad: 1``, or ``pad`` alone where the value would not do."""
    enum = known.enum_type
    if enum is not None and value in enum.values_by_name:
        return f"{known.name}: {value}"
    kinds = {known.CPPTYPE_STRING: r"(\"[^\"]*\"|'[^']*')", known.CPPTYPE_BOOL: "true|false",
             known.CPPTYPE_ENUM: "", known.CPPTYPE_MESSAGE: ""}
    fits = kinds.get(known.cpp_type, r"[-+]?[\d.]+([eE][-+]?\d+)?")
    if value and fits and re.fullmatch(fits, value):
        return f"{known.name}: {value}"
    return str(known.name)


def _other_file(word: str, place: Place) -> str | None:
    if place.kind not in FILE_KINDS:
        return None
    other = next((kind for kind in FILE_KINDS
                  if word in getattr(caffe_pb2, kind).DESCRIPTOR.fields_by_name), None)
    return f"It belongs to {FILE_KINDS[other]}: {ELSEWHERE}" if other else None


def _home(word: str, value: str, place: Place, own: str | None) -> str | None:
    """The block where a field of exactly that name would be right."""
    here = place.message.DESCRIPTOR
    inside = _chosen(_blocks_with(here, word, own), own)
    if inside:
        known = here.fields_by_name[inside[0]].message_type.fields_by_name[word]
        if len(inside) == 1:
            return f"It belongs in {inside[0]} {{ {_written(known, value)} }}."
        return f"It belongs in {' or '.join(inside[:4])}."
    for depth in reversed(range(len(place.messages) - 1)):
        around = place.messages[depth].DESCRIPTOR
        outer = place.names[depth] or FILE_KINDS.get(around.name, around.name)
        if word in around.fields_by_name:
            if around.name in FILE_KINDS:
                break
            whole = "the layer" if around.name in LAYERS else outer
            return (f'It belongs to {whole} itself, outside of {place.names[depth + 1]}. '
                    'Is a "}" missing above?')
        beside = [name for name in _blocks_with(around, word, own)
                  if name != place.names[depth + 1]]
        if beside := _chosen(beside, own):
            return f"It belongs in {' or '.join(beside[:4])}, beside {place.names[depth + 1]}."
    deeper = [f"{block.name} {{ {name} {{ {word} }} }}" for block in here.fields
              if block.message_type is not None and here.name not in FILE_KINDS
              and (own is None or block.name in (own, *SHARED))
              for name in _blocks_with(block.message_type, word)]
    if own and deeper:
        return f"It belongs in {deeper[0]}."
    if place.kind not in LAYERS and word in caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name:
        return BRACES
    return None


def _blocks_with(descriptor: Descriptor, word: str, own: str | None = None) -> list[str]:
    """The blocks that have the word: the type's own, and the original's; those of forks if there
    are no others."""
    blocks = [block for block in descriptor.fields
              if block.message_type is not None and word in block.message_type.fields_by_name
              and block.message_type.name not in ("BlobProto", "V0LayerParameter", *LAYERS,
                                                  *FILE_KINDS)]
    usual = [block for block in blocks if block.name == own or max(
        block.number, block.message_type.fields_by_name[word].number) < FIRST]
    return [block.name for block in usual or blocks]


def _original(descriptor: Descriptor) -> list[str]:
    """The original's fields of a message; of a message that only forks have, all."""
    fields = [field.name for field in descriptor.fields if field.number < FIRST]
    return fields or list(descriptor.fields_by_name)


def _chosen(blocks: list[str], own: str | None) -> list[str]:
    """The type's own block, else one that all types share, else all, the usual ones first."""
    shared = [block for block in SHARED if block in blocks]
    if own in blocks and not (own in OLD_TRANSFORM and "transform_param" in blocks):
        return [str(own)]
    if shared:
        return shared[:1]
    return sorted(blocks, key=lambda block: block not in FAVOURITES)


def _in_own_message(word: str, value: str, place: Place, own: str | None) -> str | None:
    """A slip, or a word of others, that would be right in the type's own block."""
    if own is None or place.message is not place.layer:
        return None
    known = place.message.DESCRIPTOR.fields_by_name.get(own)
    if known is None:
        return None
    cure = other_words.field(known.message_type.name, word)
    if cure and " " in cure:
        return cure
    near = cure or nearest(word, known.message_type.fields_by_name)
    if not near:
        return None
    return f"Write {own} {{ {_written(known.message_type.fields_by_name[near], value)} }}."


def _fallback(word: str, place: Place, names: TypeNames) -> str | None:
    if place.kind in LAYERS and word.endswith("_param"):
        type = names.of(place.message)
        if type not in names.params:
            return "The original has no such field: it belongs to a layer of a fork."
        own = names.params[type]
        return f"The settings of {type} are in {own}." if own else f"{type} has no settings."
    fields = _original(place.message.DESCRIPTOR)
    if len(fields) > FEW:
        return None
    return f"{place.name} has {_listed(fields)}."


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
