"""Words of forks that a layer, a net or a solver does not follow are named, never passed over.

The schema knows the words of many forks (proto.fork_words), so their files are read. What a class
makes of them it declares itself, beside its code; each list adds to those of its base classes:

    obeys = ("ceil_mode", "pool=AVE_EXC_PAD", "transform_param.crop_h")
    harmless = ("cudnn_convolution_algo_seeker",)       # no number depends on it

A name covers a field wherever it lies in the layer, and all that lies within it; more of its path
makes it narrower. All other words are refused when a net is built, because its numbers would not be
those of the fork. Words of the type's own message need no mention if they have the fork's number,
below 50000: a layer that is there obeys its own message. A fork's message for another type is
ignored, as it is there, with a warning.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.errors import ConfigError
from caffepy.proto import fork_words, unknown
from caffepy.proto.fork_words import Word

if TYPE_CHECKING:
    from caffepy.proto.text import Source

logger = log.get(__name__)

OF_ONE_TYPE = 50100  # fields of LayerParameter from here on are the messages of one type each
UNUSED = "Not used here, and no number depends on it: %s"

ERROR, WARNING, NOTHING = range(3)

_what_comes: ContextVar[int] = ContextVar("what_comes", default=ERROR)


def only_warnings() -> contextlib.AbstractContextManager[None]:
    """Inside, nets are built all the same, with a warning: for who looks at shapes alone."""
    return _set(WARNING)


def told() -> contextlib.AbstractContextManager[None]:
    """Inside, nets are built all the same, since ``warn`` has said it all."""
    return _set(NOTHING)


@contextlib.contextmanager
def _set(level: int) -> Iterator[None]:
    token = _what_comes.set(level)
    try:
        yield
    finally:
        _what_comes.reset(token)


@cache
def declared(cls: Any, kind: str) -> tuple[str, ...]:
    """What a class and its bases list under ``obeys`` or ``harmless``."""
    return tuple(name for part in cls.__mro__ for name in part.__dict__.get(kind, ()))


def covers(name: str, word: Word) -> bool:
    """Whether a declared name means this word, or something it lies in."""
    path = word.path if "=" in name else word.path.partition("=")[0]
    return f".{name}." in f".{path}."


def split(words: Iterable[Word], cls: type) -> tuple[list[Word], list[Word]]:
    """The words that ``cls`` does not follow: those that count, and those that are harmless."""
    refused: list[Word] = []
    idle: list[Word] = []
    for word in words:
        if any(covers(name, word) for name in declared(cls, "obeys")):
            continue
        harmless = any(covers(name, word) for name in declared(cls, "harmless"))
        (idle if harmless else refused).append(word)
    return refused, idle


def words_of(spec: Any, cls: Any) -> Iterator[Word]:
    """The words of a LayerParameter, but for those in messages of forks' other types."""
    fields = spec.DESCRIPTOR.fields_by_name
    for word in fork_words.given(spec, skip=("blobs",)):
        first = word.path.replace("=", ".").partition(".")[0]
        own = first == cls.param_field
        if own and word.path == first:
            continue  # the message of the type itself
        if own or fields[first].number < OF_ONE_TYPE:
            yield word


def _of_others(spec: Any, cls: Any) -> list[str]:
    """The messages in a LayerParameter that forks have for other types than this."""
    return [field.name for field, _ in spec.ListFields()
            if field.number >= OF_ONE_TYPE and field.name != cls.param_field
            and field.name != "fork_fields" and not (cls.foreign and field.name == unknown.FIELD)
            and field.name not in declared(cls, "obeys")]


def look(param: Any, cls: type, source: Source | None) -> list[tuple[str, ConfigError]]:
    """What a net says that it, or a layer of it, does not follow; known_part.require tells it.

    Words that no number depends on are named in the log, each once.

    Args:
        param: the NetParameter; of types that nobody knows, nothing is said.
        cls: the net's class.

    Returns: for each word a place, as errors list it, and the error. Empty inside
        ``only_warnings``, where they are warnings.
    """
    from caffepy.core import registry

    if _what_comes.get() == NOTHING:
        return []
    given = fork_words.given(param, skip=("layer", "layers", "state"))
    refused, idle = split(given, cls)
    found: dict[tuple[str, str], Refused] = {}
    strange: dict[tuple[str, str], Any] = {}
    for word in refused:
        found.setdefault(("", word.path), Refused(word, None))
    for spec in param.layer:
        if not registry.known(spec.type):
            continue
        entry = registry.of(spec).cls
        strange.update({(spec.type, name): entry for name in _of_others(spec, entry)})
        refused, unused = split(words_of(spec, entry), entry)
        idle += unused
        for word in refused:
            found.setdefault((spec.type, word.path), Refused(word, spec)).times += 1
    tell(idle)
    for (kind, name), entry in strange.items():
        own = f"its settings are in {entry.param_field}" if entry.param_field else "it has none"
        logger.warning("%s means nothing to %s, as in its fork: %s", name, kind, own)
    errors = [refused.error(source) for refused in found.values()]
    if _what_comes.get() == ERROR:
        return errors
    for _, error in errors:
        logger.warning("%s", error)
    return []


def tell(words: Iterable[Word]) -> None:
    """Name in the log, each once, words that no number depends on."""
    for path, word in {word.path: word for word in words}.items():
        logger.info(UNUSED, f"{path} ({word.whose})" if word.whose else path)


def warn(param: Any, source: Source | None = None) -> None:
    """Warn of the words in an upgraded NetParameter that its layers do not follow."""
    from caffepy.core.net import Net

    with only_warnings():
        look(param, Net, source)


def check_solver(param: Any, cls: type) -> None:
    """Name in the log the words of a SolverParameter that a solver does not follow."""
    words = fork_words.given(param, skip=("net_param", "train_net_param", "test_net_param"))
    refused, idle = split(words, cls)
    tell(idle)
    for word in refused:
        said = f"{word.path} is not used here ({word.whose}). {_cure(word)}"
        logger.warning("%s", said.rstrip())


@dataclass
class Refused:
    """A word that is not followed.

    Attributes:
        spec: the first layer that has it; None for what a net says beside its layers.
        times: how many layers of that type have it.
    """

    word: Word
    spec: Any
    times: int = 0

    def error(self, source: Source | None) -> tuple[str, ConfigError]:
        """The error, and the place where it stands in a list of several."""
        word, spec = self.word, self.spec
        where = "the net"
        line = ""
        if spec is not None:
            where = f"layer '{spec.name}' ({spec.type})"
            place, _, line = _place(source, spec.name, word).rpartition(":")
            where = f"{place}:{line}, {where}" if place else where
        elif source:
            where = source.path
        often = f", {self.times} times" if self.times > 1 else ""
        return line or f"{where}:", ConfigError(
            f"{word.path} is not obeyed by {spec.type if spec is not None else where} yet{often}",
            where=where,
            fix=f"It is a word of a fork ({word.whose}); the numbers would not be the fork's. "
                f"{_cure(word) or 'Take it out if they need not be.'}",
        )


def _cure(word: Word) -> str:
    """What says the same in the original's words."""
    from caffepy.proto import forks, hints  # late, as all that errors alone need

    kind = word.owner.partition(".")[0]
    field, _, value = word.path.rpartition(".")[2].partition("=")
    cure = forks.cure(f"{kind}.{field}={value}" if value else word.owner)
    return hints.filled(cure, word.value)


def _place(source: Source | None, layer: str, word: Word) -> str:
    """``"net.prototxt:17"``, where the word stands, or else where its layer does; or ""."""
    line = source.line_of(layer) if source else None
    if not source or line is None:
        return ""
    with contextlib.suppress(OSError):
        with open(source.path, encoding="utf-8", errors="replace") as file:
            for number, text in enumerate(file, 1):
                if number >= line and re.search(rf"(?<!\w){word.name}(?!\w)",
                                                text.partition("#")[0]):
                    return f"{source.path}:{number}"
    return source.where(layer)
