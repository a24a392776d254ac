"""The table of layer types, made from the registry: on a terminal, and as docs/layers.md.

    caffepy layers                          # the table
    caffepy layers Convolution              # what the layer computes, and its settings
    caffepy layers -markdown > docs/layers.md
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

from caffepy import kernels
from caffepy.columns import columns
from caffepy.core import registry
from caffepy.core.layer import Layer
from caffepy.kernels.table import kernels as table_of_kernels
from caffepy.proto.fork_table import FORKS

NONE = "-"
ENGINES = ("onednn", "cuda", "reference")
ARRAYS = "arrays"  # written once on NumPy's interface, for the host and for a device


@dataclass(frozen=True)
class Row:
    """What the table says of a type; the fields are its columns."""

    type: str
    from_: str
    v1: str
    v0: str
    parameters: str
    bottoms: str
    tops: str
    in_place: str
    learns: str
    kernels: str


TITLES = tuple(field.name.replace("_", " ").strip() for field in fields(Row))


def rows(plugins: bool = True) -> list[Row]:
    """The table, sorted by type; without plug-ins it is the same on every machine."""
    return [row(entry) for entry in registry.entries()
            if plugins or not entry.cls.foreign]


def row(entry: registry.Entry) -> Row:
    """One line of the table."""
    cls = entry.cls
    return Row(
        type=entry.type,
        from_=entry.dialect,
        v1=entry.v1 or NONE,
        v0=entry.v0 or NONE,
        parameters=entry.param or NONE,
        bottoms=cls.bottoms,
        tops=cls.tops + (" auto" if cls.auto_top else ""),
        in_place="yes" if cls.inplace else NONE,
        learns=", ".join(cls.learns) or NONE,
        kernels=", ".join(engines_of(cls)) or ARRAYS,
    )


def engines_of(cls: type[Layer]) -> list[str]:
    """The engines that have a kernel for a layer class, fastest first, whether or not they can
    run on this machine."""
    return [name for name in ENGINES if {*cls.plans} & {
        *table_of_kernels(name, kernels.engine_class(name).package)}]


def summary(entry: registry.Entry) -> str:
    """The first line of what the layer's module says, without the type's name."""
    text = page(entry).partition("\n")[0]
    return text.removeprefix(f"{entry.type}: ").rstrip(".")


def page(entry: registry.Entry) -> str:
    """What the layer's module says: the formula, bottoms, tops, settings, old names."""
    return (inspect.getdoc(sys.modules[entry.cls.__module__]) or "").strip()


def table(lines: Iterable[Row], width: int | None = None) -> str:
    """Columns as wide as their longest word; lines are cut at ``width``, if there is one."""
    cells = [TITLES, *(astuple(line) for line in lines)]
    return "\n".join(line[:width] for line in columns(cells))


def markdown() -> str:
    """The whole of docs/layers.md."""
    built_in = [entry for entry in registry.entries() if not entry.cls.foreign]
    lines = [
        "# Layer types",
        "",
        "Made from the registry by `caffepy layers -markdown`; a test holds it against the code.",
        "`caffepy layers TYPE` prints what one type computes and all its settings.",
        "",
        "- from: whose it is: the original's (caffe), or a [fork's](#forks). Where two have types",
        "  of one name, [the words of a layer](#types-of-one-name) tell which is meant.",
        "- v1, v0: the names in the two old formats, which are upgraded on reading.",
        "- parameters: the message of settings in `layer { }`.",
        "- bottoms, tops: how many; `auto`: tops that are not given are made.",
        "- in place: a top may be the bottom at its index.",
        "- learns: the parameter blobs, in the order of the weight files.",
        "- kernels: the engines that have one, fastest first; `arrays`: the layer is plain array",
        "  code, the same for every engine.",
        "",
        f"{len(built_in)} types:",
        "",
        _cells((*TITLES, "what it does")),
        _cells(["---"] * (len(TITLES) + 1)),
    ]
    for entry in built_in:
        what = summary(entry).replace("|", "\\|")
        lines.append(_cells((*astuple(row(entry)), what)))
    lines += [
        "", "## Types of one name", "",
        "The first whose words a layer has is the one that is meant.", "",
        _cells(("type", "from", "known by")), _cells(["---"] * 3),
        *(_cells((name, entry.dialect, known_by(entry, found)))
          for name, every in registry.namesakes().items()
          if (found := [entry for entry in every if not entry.cls.foreign])[1:]
          for entry in found),
        "", "## Forks", "",
        _cells(("from", "whose")), _cells(["---"] * 2),
        _cells((registry.ORIGINAL, "the original (BVLC/caffe)")),
        *(_cells((key, whose)) for key, whose in FORKS.items()
          if any(entry.dialect == key for entry in built_in)),
    ]
    return "\n".join(lines) + "\n"


def known_by(entry: registry.Entry, every: Sequence[registry.Entry]) -> str:
    """What tells a type from others of its name, which are asked in this order."""
    return entry.cls.known_by or ("all others" if entry is every[-1] else "its words")


def told_apart(name: str) -> str:
    """How the types of one name are told apart, a line each; "" if there is but one."""
    every = registry.namesakes().get(name, ())
    return "\n".join(f"{name} from {entry.dialect}: {known_by(entry, every)}" for entry in every)


def _cells(words: Iterable[str]) -> str:
    return f"| {' | '.join(words)} |"
