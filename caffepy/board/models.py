"""Which nets and weights lie in the folders of a board, and which weights are a net's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caffepy.board.keeping import Kept
from caffepy.board.shelf import Found, Shelf
from caffepy.errors import CaffeError, ConfigError
from caffepy.services import snapshot_place

if TYPE_CHECKING:
    from caffepy.proto.text import Source

WEIGHTS = (".caffemodel", ".caffemodel.h5")
MOST_TEXT = 4 << 20  # bytes of a prototxt
COMMENT = re.compile(r"#[^\n]*")
LAYER = re.compile(r"\blayers?\s*(?::\s*)?\{")
SOLVERS = re.compile(r"\b(train_|test_)?net_param\s*(?::\s*)?\{")
NAMED = re.compile(r'\bname\s*:\s*"([^"\n]*)"')
FED = re.compile(r'^[ \t]*input(_shape|_dim)?\s*[:{]|\btype\s*:\s*"Input"', re.MULTILINE)


@dataclass(frozen=True)
class NetFile:
    """A prototxt with layers.

    Attributes:
        name: on the shelf.
        title: what the net calls itself, "" for nothing.
        layers: how many are written in it, of all phases.
        fed: whether it has an input that waits for a picture, as nets for use have.
        names: of its layers, and of what else has a name.
    """

    name: str
    path: Path
    title: str
    layers: int
    fed: bool
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """A file of weights.

    Attributes:
        prefix: its name up to ``_iter_``, or the whole name.
        iteration: None where the name has none.
    """

    found: Found
    prefix: str
    iteration: int | None

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def label(self) -> str:
        """How it is called among those of one training."""
        return self.name if self.iteration is None else f"{self.iteration}"


class Models:
    """The nets and weights of a board; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._nets: Kept[NetFile | None] = Kept(1000)
        self._learnt: Kept[frozenset[str]] = Kept(500)

    def nets(self) -> list[NetFile]:
        """All nets, by name."""
        found = (self._nets.get(one.name, partial(read_net, one), one.path)
                 for one in self._shelf.walk()
                 if one.name.endswith(".prototxt") and one.size <= MOST_TEXT)
        return [net for net in found if net is not None]

    def weights(self) -> list[Snapshot]:
        """All files of weights: trainings by name, each in the order of its iterations."""
        found = [snapshot(one) for one in self._shelf.walk() if one.name.endswith(WEIGHTS)]
        return sorted(found, key=lambda one: (one.prefix, one.iteration or 0))

    def fitting(self, learning: Iterable[str]) -> list[Snapshot]:
        """Those that have weights for all these layers; if none has, for more than half of
        them."""
        wanted = set(learning)
        shares = [(len(wanted & self._names(one)), one) for one in self.weights()]
        whole = [one for share, one in shares if share == len(wanted) and wanted]
        return whole or [one for share, one in shares if share > len(wanted) / 2]

    def net_of(self, weights: str) -> str:
        """The name of the net that has most of the layers of some weights, of several the one that
        lies nearest; "" for none."""
        one = next((one for one in self.weights() if one.name == weights), None)
        wanted = self._names(one) if one else frozenset()
        found = max(self.nets(), default=None, key=lambda net: (
            len(wanted & net.names), len(os.path.commonprefix([net.name, weights]))))
        return found.name if found is not None and wanted & found.names else ""

    def _names(self, one: Snapshot) -> frozenset[str]:
        try:
            return self._learnt.get(one.name, partial(learnt, one.found.path), one.found.path)
        except CaffeError:  # damaged, or being written
            return frozenset()


def read_net(found: Found) -> NetFile | None:
    """What a prototxt's text tells at a glance; None if it is no net."""
    try:
        text = COMMENT.sub("", found.path.read_text(errors="replace"))
    except OSError:
        return None
    layers = LAYER.findall(text)
    if not layers or SOLVERS.search(text):
        return None
    first = LAYER.search(text)
    named = NAMED.search(text[: first.end()] if first else text)
    return NetFile(found.name, found.path, named[1] if named else "", len(layers),
                   FED.search(text) is not None, frozenset(NAMED.findall(text)))


def net_param(path: Path) -> tuple[Any, Source]:
    """A net's NetParameter, and where its layers are written.

    Raises:
        ConfigError: the file is too large for a net's text. NotFound, ConfigError: as
        ``upgrade.read_net_param``.
    """
    from caffepy.core.upgrade import read_net_param

    if (size := path.stat().st_size) > MOST_TEXT:
        raise ConfigError("the file is too large for a net's text", where=path.name,
                          found=f"{size} bytes", allowed=f"{MOST_TEXT} bytes")
    return read_net_param(path)


def snapshot(found: Found) -> Snapshot:
    """Training and iteration by a file's name, as solvers give it."""
    told = snapshot_place.NUMBER.search(found.name)
    if told is None:
        return Snapshot(found, found.name, None)
    return Snapshot(found, found.name[: told.start()], int(told[1]))


def learnt(path: Path) -> frozenset[str]:
    """The layers that a file has weights for.

    Raises:
        CaffeError: it is no file of weights.
    """
    from caffepy.proto import hdf5, wire

    return hdf5.layer_names(path) if path.suffix == ".h5" else wire.layer_names(path)


def weights_of(path: Path) -> Any:
    """The proto.wire.Weights of a .caffemodel or a .caffemodel.h5.

    Raises:
        CaffeError: it is no file of weights.
    """
    from caffepy.proto import hdf5, wire

    return hdf5.read_net(path) if path.suffix == ".h5" else wire.read_net(path)
