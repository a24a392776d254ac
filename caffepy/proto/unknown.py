"""Words of layers that the schema does not have, kept as they are written.

A plug-in's layer may have any; so may a layer of a type that nobody knows, which a summary shows
and a training refuses. They lie in the layer's ``unknown_word``, each with the block that it stands
in, and are printed there again.

    layer { type: "Mine" mine_param { alpha: 2 axis: [1, 3] } transform_param { jitter: 0.5 } }

    words = of(layer)
    words["mine_param"]["alpha"], words["mine_param"]["axis"]       # 2, [1, 3]
    words.text                                                      # as prototxt
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caffepy.errors import ConfigError
from caffepy.proto import escapes
from caffepy.proto.lexer import INTEGER, Lexer, whole_number

Node = tuple[str, "str | list[Node]"]  # a field's name, and its value as written or its block

FIELD = "unknown_word"
OPENING = {"{": "}", "<": ">"}
ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
BOOLS = {"true": True, "True": True, "false": False, "False": False}


class Words(dict[str, Any]):
    """A block's fields by name: numbers, strings, truth values, names of enums as strings, and
    blocks as Words; a list of these where a field is given several times.

    Attributes:
        text: the whole as prototxt.
    """

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__()
        self.text = "".join(lines(nodes))
        values: dict[str, list[Any]] = {}
        for name, value in nodes:
            made = _value(name, value) if isinstance(value, str) else Words(value)
            values.setdefault(name, []).append(made)
        self.update((name, many if many[1:] else many[0]) for name, many in values.items())

    def all(self, name: str) -> list[Any]:
        """The values of a field as a list, be it given once, several times or not at all."""
        if name not in self:
            return []
        value = self[name]
        return value if isinstance(value, list) else [value]


def of(layer: Any) -> Words:
    """The unknown words of a LayerParameter. Of a repeated block in which some stand, such as
    ``param``, the blocks without any count, too, so that indices are the prototxt's."""
    nodes: list[Node] = []
    for word in layer.unknown_word:
        within = nodes
        path = word.within.split(".") if word.within else []
        for name, then in zip(path, [*path, ""][1:], strict=True):
            if not name.isdigit():
                within = _block(within, name, int(then) if then.isdigit() else 0)
        within += parse(word.text)
    return Words(nodes)


def _block(nodes: list[Node], name: str, index: int) -> list[Node]:
    """The block of that name and index, made if it is not there."""
    blocks = [value for other, value in nodes if other == name and isinstance(value, list)]
    while len(blocks) <= index:
        blocks.append([])
        nodes.append((name, blocks[-1]))
    return blocks[index]


def add(layer: Any, name: str, value: Any) -> None:
    """Give a layer a word from Python: a dict is a block, a sequence a word given several times.

    Raises:
        ConfigError: a value that prototxt does not have.
    """
    for node in _nodes(name, value):
        layer.unknown_word.add(text="".join(lines([node])))


def _nodes(name: str, value: Any) -> Iterator[Node]:
    if isinstance(value, Mapping):
        yield name, [node for inner, item in value.items() for node in _nodes(inner, item)]
    elif isinstance(value, str):
        yield name, quoted(value.encode("utf-8", "surrogateescape"))
    elif hasattr(value, "tolist"):  # of NumPy: an array, or one number
        yield from _nodes(name, value.tolist())
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif isinstance(value, (int, float)):
        yield name, repr(value)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _nodes(name, item)
    else:
        raise ConfigError(f"prototxt has no such value for {name}", found=repr(value),
                          allowed="numbers, strings, True and False, dicts, and lists of these")


def quoted(data: bytes) -> str:
    """A string as prototxt."""
    shown = (ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in data)
    return f'"{"".join(shown)}"'


def names(layer: Any) -> list[str]:
    """What the unknown words of a layer are called, each once, blocks around them first:
    ``"transform_param.jitter"``."""
    found = (f"{word.within}.{parse(word.text)[0][0]}".lstrip(".") for word in layer.unknown_word)
    return list(dict.fromkeys(found))


def parse(text: str) -> list[Node]:
    """The fields that a text has."""
    lexer = Lexer(text, "unknown words")
    nodes: list[Node] = []
    while lexer.kind != "end":
        nodes += read(lexer)
    return nodes


def read(lexer: Lexer) -> list[Node]:
    """The field that begins at the lexer's token; several of one name where it is given a list.

    Raises:
        PrototxtError: it breaks the grammar.
    """
    if lexer.kind != "name":
        lexer.fail("expected the name of a field", found=lexer.found())
    name = lexer.token
    lexer.next()
    colon = lexer.take(":")
    if not lexer.take("["):
        return [(name, _given(lexer, name, colon))]
    nodes: list[Node] = []
    while not lexer.take("]"):
        nodes.append((name, _given(lexer, name, colon)))
        if not lexer.take(",") and lexer.token != "]":
            lexer.fail('expected "," or "]"', found=lexer.found(), fix='Is a "]" missing?')
    return nodes


def _given(lexer: Lexer, name: str, colon: str) -> str | list[Node]:
    if symbol := lexer.take(*OPENING):
        nodes: list[Node] = []
        while lexer.kind != "end" and lexer.token not in OPENING.values():
            nodes += read(lexer)
            lexer.take(",", ";")
        if not lexer.take(OPENING[symbol]):
            lexer.fail(f"the block of {name} is not closed", found=lexer.found(),
                       fix=f'Add "{OPENING[symbol]}".')
        return nodes
    if not colon:
        lexer.fail(f'expected ":" after {name}', found=lexer.found())
    tokens = []
    while lexer.kind == "string":  # neighbours are one string
        try:
            escapes.unescape(lexer.token[1:-1], name)
        except escapes.WrongEscapeError as wrong:
            lexer.fail(wrong.message, at=lexer.start + 1 + wrong.offset, fix=wrong.fix)
        tokens.append(lexer.token)
        lexer.next()
    if tokens:
        return " ".join(tokens)
    minus = lexer.take("-")
    if lexer.kind not in ("name", "number"):
        lexer.fail(f"expected a value of {name}", found=lexer.found())
    token = lexer.token
    lexer.next()
    return minus + token


def lines(nodes: list[Node], indent: str = "") -> Iterator[str]:
    """Fields as prototxt, as the printer writes them."""
    for name, value in nodes:
        if isinstance(value, str):
            yield f"{indent}{name}: {value}\n"
        else:
            yield f"{indent}{name} {{\n"
            yield from lines(value, indent + "  ")
            yield f"{indent}}}\n"


def printed(layer: Any, within: str, indent: str) -> Iterator[str]:
    """The words that stand in a block of a layer, line by line."""
    for word in layer.unknown_word:
        if word.within == within:
            yield from (f"{indent}{line}" for line in word.text.splitlines(keepends=True))


def _value(name: str, written: str) -> Any:
    """What a value means that the schema does not know."""
    lexer = Lexer(written, "unknown words")
    if lexer.kind == "string":
        data = b""
        while lexer.kind == "string":
            data += escapes.unescape(lexer.token[1:-1], name)
            lexer.next()
        return data.decode("utf-8", "surrogateescape")
    negative = bool(lexer.take("-"))
    token = lexer.token
    number: int | float
    if lexer.kind == "number":
        number = whole_number(token) if INTEGER.fullmatch(token) else float(token.rstrip("fF"))
    elif token.lower() in ("inf", "infinity", "nan"):
        number = math.nan if token.lower() == "nan" else math.inf
    else:
        return BOOLS.get(token, written)
    return -number if negative else number
