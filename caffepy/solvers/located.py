"""Errors about a solver's settings, and where in its file they are written.

What finds the error knows the field; what has read the file knows the path:

    with located("solver.prototxt"):
        raise ConfigError("gamma must not be negative", field="gamma")

    solver.prototxt:7: gamma must not be negative
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import original_tree, places

PathLike = str | os.PathLike[str]


class MissingFile(NotFound):
    """A file that a solver names is not there.

    Args:
        field, name: the field, and what it says.
    """

    def __init__(self, field: str, name: str) -> None:
        looked = "" if os.path.isabs(name) else f", looked for in {os.getcwd()}"
        super().__init__(f"{field}: File not found: {name}{looked}",
                         fix=original_tree.advice(name), field=field)
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:  # it crosses processes
        return type(self), (self.field, self.name), self.__dict__


@contextlib.contextmanager
def located(path: PathLike, whole: bool = True) -> Iterator[None]:
    """Say of errors about a solver's settings that they are in this file, and on which line.

    Args:
        whole: also of a ConfigError that says neither field nor place; false where code runs that
            is not about the solver file.
    """
    try:
        yield
    except CaffeError as error:
        if error.where is None and (error.field or (whole and isinstance(error, ConfigError))):
            if isinstance(error, MissingFile) and not error.fix:
                error.fix = _nearer(path, error.name)
            error.at(places.where(path, error.field) if error.field else os.fspath(path))
        raise


def _nearer(path: PathLike, name: str) -> str:
    """Where a relative name would be found, if it is meant from the solver's folder or from one
    above it: in the original's files it is mostly from the root of its tree."""
    for folder in Path(path).resolve().parents:
        if not os.path.isabs(name) and (folder / name).is_file():
            return (f"Names in a solver are taken from the folder that the program runs in: run it "
                    f"in {folder}, where this one is.")
    return "Names in a solver are taken from the folder that the program runs in."
