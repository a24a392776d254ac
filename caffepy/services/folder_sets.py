"""Databases and lists of a folder whose folders are classes."""

from __future__ import annotations

import os
from typing import Any

from caffepy.data.image_list import Line
from caffepy.errors import ConfigError, DataError
from caffepy.services import folders
from caffepy.services.imagesets import Result, store
from caffepy.services.storing import shuffled
from caffepy.services.target import APPEND, NEW, OVERWRITE


def convert_folder(
    folder: str, path: str, split: float, seed: int, *, mode: str = NEW, **options: Any
) -> list[Result]:
    """Write the database at ``path``, or with a ``split`` those at path_train and path_val, and
    labels.txt beside them. The order is drawn by ``seed``.

    Args:
        split: the share of each class that goes into path_val; 0 for one database.
        mode, options: see caffepy.services.imagesets.store.

    Returns: what became of each database's pictures.

    Raises: as caffepy.services.folders.read, split and check_names, and as store.
    """
    if split and mode == APPEND:
        raise ConfigError("what is added is split anew, and pictures of one side would come to the "
                          "other", found="--append and --split",
                          fix="Make both databases anew, by --overwrite.")
    found = _read(folder, path, replace=mode == OVERWRITE)
    parts = _parts(found, path, split, seed)
    if mode == NEW:
        _refuse_taken([name for name, _ in parts])
    results = [store(lines, os.path.join(folder, ""), folder, name, shuffle=True, seed=seed,
                     mode=mode, **options) for name, lines in parts]
    folders.write_names(found, path)
    return results


def make_list(
    folder: str, path: str, split: float, seed: int, *, shuffle: bool = False,
    replace: bool = False,
) -> None:
    """Write the list at ``path``, or with a ``split`` those at path_train and path_val, and
    labels.txt beside them. Paths start from the folder.

    Args:
        shuffle: in an order drawn by ``seed``; else class after class.
        replace: the lists may be there, and labels.txt with other names.

    Raises:
        DataError: they are. ConfigError: the list would be called as the file of names.
    """
    if os.path.basename(path) == folders.NAMES:
        raise ConfigError("the list cannot be called so: the classes' names are written there",
                          found=path)
    found = _read(folder, path, replace)
    parts = _parts(found, path, split, seed)
    if not replace:
        _refuse_taken([name for name, _ in parts])
    for name, lines in parts:
        folders.write_list(name, shuffled(lines, seed) if shuffle else lines)
    folders.write_names(found, path)


def _read(folder: str, path: str, replace: bool) -> folders.Classes:
    """What lies in the folder, said in the log."""
    found = folders.read(folder)
    folders.report(found)
    if not replace:
        folders.check_names(found, path)
    return found


def _refuse_taken(names: list[str]) -> None:
    """Find out before the first is written that another is in the way. Raises: DataError."""
    taken = [name for name in names if os.path.lexists(name)]
    if taken:
        raise DataError("it is there already", where=" and ".join(taken),
                        fix="Choose another name, or add --overwrite.")


def _parts(
    found: folders.Classes, path: str, split: float, seed: int
) -> list[tuple[str, list[Line]]]:
    """What is to be written where."""
    if not split:
        return [(path, found.lines())]
    train, val = folders.split(found, split, seed)
    return [(folders.part(path, folders.TRAIN), train), (folders.part(path, folders.VAL), val)]
