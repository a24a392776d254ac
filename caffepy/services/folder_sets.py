"""Databases and lists of a folder whose folders are classes."""

from __future__ import annotations

import os
from typing import Any

from caffepy.data.image_list import Line
from caffepy.services import folders
from caffepy.services.imagesets import Result, store
from caffepy.services.storing import shuffled
from caffepy.services.target import NEW, OVERWRITE


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
    found = _read(folder, path, replace=mode == OVERWRITE)
    results = [store(lines, os.path.join(folder, ""), folder, name, shuffle=True, seed=seed,
                     mode=mode, **options) for name, lines in _parts(found, path, split, seed)]
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
        replace: labels.txt may be there with other names.
    """
    found = _read(folder, path, replace)
    for name, lines in _parts(found, path, split, seed):
        folders.write_list(name, shuffled(lines, seed) if shuffle else lines)
    folders.write_names(found, path)


def _read(folder: str, path: str, replace: bool) -> folders.Classes:
    """What lies in the folder, said in the log."""
    found = folders.read(folder)
    folders.report(found)
    if not replace:
        folders.check_names(found, path)
    return found


def _parts(
    found: folders.Classes, path: str, split: float, seed: int
) -> list[tuple[str, list[Line]]]:
    """What is to be written where."""
    if not split:
        return [(path, found.lines())]
    train, val = folders.split(found, split, seed)
    return [(folders.part(path, folders.TRAIN), train), (folders.part(path, folders.VAL), val)]
