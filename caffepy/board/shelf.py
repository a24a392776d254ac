"""The folders that a board shows, and the only way from a visitor's name to a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from caffepy.errors import NotFound

MOST_FILES = 20000  # of all folders; a home directory shall not be read for minutes
DEEPEST = 12


@dataclass(frozen=True)
class Found:
    """A file or folder of the shelf: its name, its path, and what os.stat says."""

    name: str
    path: Path
    size: int
    changed: float  # seconds since the epoch


class Shelf:
    """Folders by label.

    Args:
        folders: what the command was given. Each has its last part as its label, with a number
            where two are called alike.

    Raises:
        NotFound: one is no folder.
    """

    def __init__(self, folders: Sequence[str | os.PathLike[str]]) -> None:
        self.roots: dict[str, Path] = {}
        for folder in folders:
            root = Path(os.path.realpath(folder))
            if not root.is_dir():
                raise NotFound("there is no such folder", where=os.fspath(folder))
            if root in self.roots.values() or self._walked(root):
                continue  # its files have names already
            base = label = _printable(root.name) or "root"
            count = 1
            while label in self.roots:
                count += 1
                label = f"{base}-{count}"
            self.roots[label] = root

    def _walked(self, folder: Path) -> bool:
        """Whether a folder lies below one that is here, and not in what is hidden there."""
        return any(root in folder.parents and not any(
            part.startswith(".") for part in folder.relative_to(root).parts)
            for root in self.roots.values())

    def file(self, name: str) -> Path:
        """The path of a file.

        Raises:
            NotFound: no file of this name is on the shelf.
        """
        return self._path(name, stat.S_ISREG, "file")

    def folder(self, name: str) -> Path:
        """The path of a folder, such as a database's.

        Raises:
            NotFound: no folder of this name is on the shelf.
        """
        return self._path(name, stat.S_ISDIR, "folder")

    def _path(self, name: str, kind: object, word: str) -> Path:
        gone = NotFound(f"no such {word} is in the folders of this board", where=name or "no name")
        label, *parts = name.split("/")
        root = self.roots.get(label)
        # an empty part would start anew at the root, and a NUL ends a name for the system
        if root is None or any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise gone
        path = root.joinpath(*parts)
        try:
            if not self._inside(path) or not kind(path.stat().st_mode):  # type: ignore[operator]
                raise gone
        except (OSError, ValueError):
            raise gone from None
        return path

    def _inside(self, path: str | os.PathLike[str]) -> bool:
        real = Path(os.path.realpath(path))
        return any(real == root or root in real.parents for root in self.roots.values())

    def admit(self, path: str | os.PathLike[str]) -> Path:
        """The path itself, if it lies inside of the folders once all links are followed.

        Raises:
            NotFound: it does not.
        """
        if not self._inside(path):
            raise NotFound("it lies outside of the folders that this board was given",
                           where=os.fspath(path), fix="Start the board with its folder as well.")
        return Path(path)

    def name(self, path: str | os.PathLike[str]) -> str | None:
        """The name under which a visitor finds a path; None for one outside. Links are kept if
        they stand below a folder of the shelf, and followed otherwise."""
        if not self._inside(path):
            return None
        for way in (os.path.abspath(path), os.path.realpath(path)):
            for label, root in self.roots.items():
                if Path(way) == root or root in Path(way).parents:
                    rest = Path(way).relative_to(root).as_posix()
                    return label if rest == "." else f"{label}/{rest}"
        return None

    def walk(self, *, most: int = MOST_FILES) -> Iterator[Found]:
        """All files below the folders, in the order of their names, but for hidden ones, those
        behind links to folders, and links that lead out. At most so many are looked at."""
        for label, root in self.roots.items():
            for folder, inner, files in os.walk(root):
                below = os.path.relpath(folder, root)
                depth = 0 if below == "." else below.count(os.sep) + 1
                inner[:] = sorted(name for name in inner
                                  if not name.startswith(".") and depth < DEEPEST)
                for file in sorted(files):
                    most -= 1
                    if most < 0:
                        return
                    path = Path(folder, file)
                    found = self._found("/".join(filter(None, [
                        label, "" if below == "." else below.replace(os.sep, "/"), file])), path)
                    if found is not None and not file.startswith("."):
                        yield found

    def _found(self, name: str, path: Path) -> Found | None:
        """What the system says of a file; None for what no visitor may or can ask for."""
        try:
            name.encode()  # names that are no text have no address
            if path.is_symlink() and not self._inside(path):
                return None
            told = path.stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(told.st_mode):
            return None
        return Found(name, path, told.st_size, told.st_mtime)


def _printable(text: str) -> str:
    """A label that an address can hold."""
    return os.fsencode(text).decode(errors="replace").replace("/", "_")
