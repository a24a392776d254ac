"""What is unknown in a prototxt and need not keep it from being read.

Words of a plug-in's layer are no mistakes. Layers of types that nobody knows may have any words,
too: a net with such layers can be shown and upgraded; who builds it tells all of them as mistakes
(``Source.unknown``). Both kinds of words go into the layer, see ``unknown``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from caffepy.proto import caffe_pb2, unknown
from caffepy.proto.hints import is_strange
from caffepy.proto.mistakes import Mistake, is_type

if TYPE_CHECKING:
    from caffepy.proto.reading import Reading
    from caffepy.proto.type_names import TypeNames

WORD = re.compile(r"[A-Za-z_]\w*")


def set_aside(parser: Reading, names: TypeNames) -> bool:
    """Put the words that layers may have into these; plug-ins' words leave ``parser.mistakes``.

    Returns: whether something is wrong beside unknown types and their words.

    Raises:
        PrototxtError: a word that is given no value, or half a block.
    """
    kept: list[Mistake] = []
    wrong = False
    for mistake in sorted(parser.mistakes, key=lambda mistake: mistake.key[0] == "field"):
        taken, foreign = _take(parser, mistake, names)
        if not foreign:
            kept.append(mistake)
            wrong |= not taken
    parser.mistakes[:] = kept
    return wrong


def _take(parser: Reading, mistake: Mistake, names: TypeNames) -> tuple[bool, bool]:
    """Whether the layer could take what is unknown, and whether that is a plug-in's affair."""
    layer = mistake.place.layer
    if is_type(mistake):
        return _old_type(layer, str(mistake.key[2]), names)
    old = isinstance(layer, caffe_pb2.V1LayerParameter)
    if mistake.key[0] != "field" or layer is None or old and mistake.within.startswith("layer"):
        return False, False
    foreign = names.of(layer) in names.foreign
    if not foreign and not names.lacks(layer):
        return False, False
    parser.end = mistake.at
    parser.next()
    for field in unknown.read(parser):
        layer.unknown_word.add(within=mistake.within, text="".join(unknown.lines([field])))
    return True, foreign


def _old_type(layer: Any, word: str, names: TypeNames) -> tuple[bool, bool]:
    """The same for a type of the old format, where a slip is an error."""
    foreign = names.v1.get(word, word) in names.foreign
    if not WORD.fullmatch(word) or not foreign and not is_strange(word, names):
        return False, False
    layer.unknown_type = word
    return True, foreign
