"""What of a net may be built here: files within the board's folders, and no code of its own.

A prototxt names files (databases, mean pictures, label maps), and Python layers name modules. The
page shows folders, so a net in them may not have it read, write or run anything else. Layers of
plug-ins and packages are run: the user brought them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from caffepy.board.shelf import Shelf
from caffepy.core import traits
from caffepy.core.known_part import is_unknown
from caffepy.data.db import MARKS
from caffepy.data.transform import crop_of
from caffepy.errors import CaffeError, ConfigError
from caffepy.proto.descriptors import is_repeated
from caffepy.proto.paths import path_of, paths_of
from caffepy.services import folders

NO_PATHS = {"name", "type", "top", "bottom", "stage", "not_stage", "module", "layer", "label",
            "param_str"}
WRITES = ("file_name", "output_directory", "save_file", "write_mean", "write_augmented",
          "heatmap_dir")
OF_ITS_OWN = "ItsOwnCode"  # a type that nobody knows
COLUMNS = 6  # of a list
MOST_LIST = 64 << 20  # bytes of a list that is looked through


def strings(message: Any) -> Iterator[tuple[str, str]]:
    """Field and value of all strings in a message that may be paths."""
    for spec, value in message.ListFields():
        if spec.message_type is not None:
            for part in value if is_repeated(spec) else [value]:
                if hasattr(part, "ListFields"):
                    yield from strings(part)
        elif spec.type == spec.TYPE_STRING and spec.name not in NO_PATHS:
            for path in paths_of(message, spec.name) if is_repeated(spec) else [
                    path_of(message, spec.name)]:
                yield spec.name, path


def outside(layer: Any, shelf: Shelf) -> list[str]:
    """The files that a layer names, or finds beside its data, and that no visitor may see."""
    kind = traits.of(layer)
    source = path_of(kind.reading(layer), kind.source_field) if kind.source_field else ""
    beside = [os.path.join(source, mark) for mark in MARKS.values()] if source else []
    beside += [folders.names_file(source)] if source else []
    named = [value for _, value in strings(layer)]
    found = [path for path in (*named, *beside)
             if "\0" not in path and os.path.lexists(path) and shelf.name(path) is None]
    return found or _listed_outside(layer, source, shelf)


def _listed_outside(layer: Any, source: str, shelf: Shelf) -> list[str]:
    """The same of the files in its list, if its source is one: the first."""
    kind = traits.of(layer)
    if not os.path.isfile(source) or os.path.getsize(source) > MOST_LIST:
        return []
    own = kind.own(layer)
    root = next((path_of(own, word) for word in ("root_folder", "root_dir")
                 if own is not None and word in own.DESCRIPTOR.fields_by_name), "")
    known: dict[str, bool] = {}  # folders
    with open(source, errors="surrogateescape") as lines:
        for line in lines:
            for path in _paths_in(line.strip(), root):
                if "\0" in path or not os.path.isfile(path):
                    continue
                folder = os.path.dirname(path)
                if folder not in known:
                    known[folder] = shelf.name(folder or ".") is not None
                if not known[folder] or os.path.islink(path) and shelf.name(path) is None:
                    return [path]
    return []


def _paths_in(line: str, root: str) -> Iterator[str]:
    """What a line of a list may mean: a path with blanks, before labels, or several paths."""
    words = line.split()
    for count in range(len(words), max(0, len(words) - COLUMNS), -1):
        yield root + line.rsplit(None, len(words) - count)[0]
    for word in words[1:COLUMNS]:
        yield root + word


def sealed(kept: Any, shelf: Shelf) -> list[str]:
    """Change a filtered net so that building it to see its shapes opens nothing that it may not:
    inputs stand in for data, and layers of code are of a type that nobody knows.

    Returns: what is to be said about it.
    """
    from caffepy.core.stand_in import replace

    notes = []
    for layer in kept.layer:
        if is_unknown(layer):
            continue
        kind = traits.of(layer)
        if kind.opaque:
            notes.append(f"layer '{layer.name}': its code is not run here")
            layer.type = OF_ITS_OWN
            continue
        beyond = outside(layer, shelf)
        locked = leveldb(layer)
        if not beyond and not locked:
            continue
        why = f"{beyond[0]} lies outside of the folders" if beyond else (
            "a LevelDB admits one process at a time, which may be a training")
        shape: tuple[int, ...] | None = None
        if beyond:
            layer.transform_param.ClearField("mean_file")  # whose size would be looked at
            shape = kind.item_shape(layer) if kind.data and kind.source_field else None
        else:
            shape = first_shape(layer, shelf)
        if shape:
            notes.append(replace(layer, (kind.batch_size(layer) or 1, *shape), why))
        else:
            notes.append(f"layer '{layer.name}': {why}")
            layer.type = OF_ITS_OWN
    return notes


def leveldb(layer: Any) -> str:
    """The LevelDB that a layer reads; "" if it reads none that is there."""
    kind = traits.of(layer)
    if not (kind.data and kind.source_field):
        return ""
    source = path_of(kind.reading(layer), kind.source_field)
    return source if os.path.isfile(os.path.join(source, "CURRENT")) else ""


def first_shape(layer: Any, shelf: Shelf, crop: bool = True) -> tuple[int, ...]:
    """C x H x W of what a layer makes of the first record of its LevelDB; () if that has none.

    Args:
        crop: after it is cropped.
    """
    from caffepy.board.data import stores

    try:
        shape = stores.first_shape(str(shelf.admit(leveldb(layer))))
    except CaffeError:
        return ()
    cut = crop_of(layer.transform_param) if crop and shape else None
    return (shape[0], *cut) if cut else shape


def require(param: Any, shelf: Shelf, leveldbs: bool = False) -> None:
    """Refuse to run a net that would read or write beyond the folders, or run code.

    Args:
        param: a filtered NetParameter.
        leveldbs: let layers read LevelDBs.

    Raises:
        ConfigError: naming the layer.
    """
    for layer in param.layer:
        if is_unknown(layer):
            continue  # refused where the net is built, with all others
        kind = traits.of(layer)
        where = f"layer '{layer.name}' ({layer.type})"
        if kind.opaque:
            raise ConfigError("the page runs no code that a net brings along", where=where,
                              fix="Run it yourself: caffepy test, or a script.")
        if beyond := outside(layer, shelf):
            raise ConfigError("the layer reads what lies outside of the folders that the board was "
                              "given", where=where, found=beyond[0],
                              fix="Start the board with its folder as well.")
        if named := [field for field, value in strings(layer) if field in WRITES and value]:
            raise ConfigError("the page writes nothing, and this layer would", where=where,
                              found=named[0])
        if not leveldbs and leveldb(layer):
            raise ConfigError(
                "a LevelDB admits one process at a time, which the page leaves to your trainings",
                where=where, fix="Its records are shown on the page of the data; what the net sees "
                                 "shows `caffepy data show`.")
