"""Settings as words, and where those of several runs differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from caffepy.errors import CaffeError
from caffepy.proto import unknown

if TYPE_CHECKING:
    from caffepy.proto.unknown import Node

MOST_ROWS = 400
LONGEST = 500  # letters of a value
LAYERS = ("layer", "layers")


@lru_cache(1000)  # of the same runs it is asked every few seconds
def words(text: str) -> Mapping[str, str]:
    """Each setting of a prototxt by its way (``train_state.level``); layers by their names
    (``conv1.convolution_param.num_output``). Of a setting that is given several times the values
    stand side by side. What is no prototxt has no settings."""
    try:
        nodes = unknown.parse(text)
    except CaffeError:
        return {}
    found: dict[str, list[str]] = {}
    _gather(nodes, "", found)
    return {way: ", ".join(values)[:LONGEST] for way, values in found.items()}


def _gather(nodes: Iterable[Node], before: str, found: dict[str, list[str]]) -> None:
    for name, value in nodes:
        if isinstance(value, str):
            found.setdefault(before + name, []).append(unquoted(value))
        elif not before and name in LAYERS:
            inner = {word: text for word, text in value if isinstance(text, str)}
            _gather(value, f"{unquoted(inner.get('name', name))}.", found)
        else:
            _gather(value, f"{before}{name}.", found)


def unquoted(value: str) -> str:
    """A value without the quotes of a string."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def differences(
    settings: Sequence[Mapping[str, str]], skip: Iterable[str] = ()
) -> list[tuple[str, list[str]]]:
    """The settings that are not alike in all, each with its values, "" where it is not given. One
    without any settings is not compared.

    Args:
        skip: settings that are no matter.
    """
    told = [one for one in settings if one]
    passed = set(skip)
    ways = dict.fromkeys(way for one in told for way in one)
    return [(way, [one.get(way, "") for one in settings]) for way in ways
            if way not in passed and len({one.get(way, "") for one in told}) > 1][:MOST_ROWS]


def whole(settings: Mapping[str, str], key: str) -> int | None:
    """A setting that is a whole number, of 32 bits as the schema's are."""
    try:
        value = int(settings[key])
    except (KeyError, ValueError):
        return None
    return value if abs(value) < 1 << 31 else None
