"""Words of Caffe's forks that caffepy does not know: whose they are, and what says the same here.

Those that it knows are in the schema (fork_words).

    forks.find("Permute")                               # a layer type
    forks.find("V1:BN")                                 # a type of the old format of "layers"
    forks.find("PoolingParameter.ceil_mode")            # a field
    forks.find("ConvolutionParameter.engine=MKLDNN")    # a value of an enum

Errors alone read them. A ``*`` for the message stands for every message. The words are in
fork_table; a test holds that the schema and the registry know none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from caffepy.proto.fork_table import CURES, FORKS, WORDS


@dataclass(frozen=True)
class Word:
    """A word of forks. Attributes: forks, whose it is, in words; cure, a sentence or ""."""

    name: str
    forks: tuple[str, ...]
    cure: str = ""

    @property
    def owner(self) -> str:
        """Whose, in a few words: "SSD's fork (weiliu89/caffe)"."""
        first, *rest = self.forks
        if not rest:
            return first
        return f"{first}, {rest[0]} and others" if rest[1:] else f"{first} and {rest[0]}"


def cure(name: str) -> str:
    """What says the same as a word of the schema: a Message.field or Message.field=VALUE; or ""."""
    return CURES.get(name, "")


@cache
def table() -> dict[str, Word]:
    """All words, by name."""
    owners: dict[str, list[str]] = {}
    for fork, words in WORDS.items():
        for word in words.split():
            owners.setdefault(word, []).append(FORKS[fork])
    return {name: Word(name, tuple(forks), CURES.get(name, "")) for name, forks in owners.items()}


def find(name: str) -> Word | None:
    """The word of that name: ``Message.field`` is also looked for as ``*.field``."""
    kind, dot, field = name.partition(".")
    return table().get(name) or (table().get(f"*.{field}") if dot else None)
