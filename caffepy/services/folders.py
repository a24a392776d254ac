"""A folder as a data set: each of its folders is a class, named by it, in sorted order.

    flowers/daisy/1.jpg        label 0
    flowers/daisy/old/2.jpg    label 0
    flowers/rose/1.png         label 1

What a file is its first bytes say, not its name. Files that are no pictures, and pictures that lie
in no class, are left out and named; so are folders without a picture.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from caffepy import log
from caffepy.data.image_list import Line
from caffepy.errors import ConfigError, DataError, NotFound, shown
from caffepy.proto import textfile
from caffepy.proto.files import atomic_write

logger = log.get(__name__)

NAMES = "labels.txt"
TRAIN, VAL = "_train", "_val"  # behind the names of what a split makes
LISTED = 20  # files, and classes, named in the log; the rest are counted

# what picture files begin with, of the kinds that OpenCV reads
BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|BM.{4}\0\0\0\0|II[*+]\0|MM\0[*+]|GIF8|#\?RADIANCE|#\?RGBE"
    rb"|\x76\x2f\x31\x01|\x59\xa6\x6a\x95|\0\0\0\x0cjP  |\xff\x4f\xff\x51|P[1-7Ff]\s"
    rb"|.{8}WEBP|.{4}ftypavif", re.DOTALL)


@dataclass
class Classes:
    """What lies in a folder.

    Attributes:
        folder: its path.
        names: of the classes; a label is an index.
        pictures: of each class, paths from the folder, in sorted order.
        others: paths of files that are no pictures.
        stray: paths of pictures that lie in no class's folder.
        empty: folders without a picture, which are no classes.
    """

    folder: str
    names: list[str] = field(default_factory=list)
    pictures: list[list[str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def lines(self, parts: Sequence[Sequence[str]] | None = None) -> list[Line]:
        """All pictures with their labels, class after class; or ``parts`` of each class."""
        paths = [(path, label) for label, of_class in enumerate(parts or self.pictures)
                 for path in of_class]
        return [Line(path, label, number) for number, (path, label) in enumerate(paths, 1)]

    def counts(self) -> str:
        """One line: how many pictures of each class there are; of many classes the fewest and the
        most."""
        sizes = [(len(paths), name) for name, paths in zip(self.names, self.pictures, strict=True)]
        head = f"{len(sizes)} class{'es' if len(sizes) > 1 else ''}"
        if len(sizes) <= LISTED:
            return f"{head}: {', '.join(f'{shown(name)} {count}' for count, name in sizes)}"
        fewest, most = min(sizes), max(sizes)
        return (f"{head}: {sum(count for count, _ in sizes)} pictures, from {fewest[0]} "
                f"({shown(fewest[1])}) to {most[0]} ({shown(most[1])})")


def read(folder: str) -> Classes:
    """What lies in a folder.

    Raises:
        NotFound: no such folder. DataError: no folder of pictures lies in it.
    """
    if not os.path.isdir(folder):
        hint = None if os.path.isabs(folder) else f"The path starts from {os.getcwd()}."
        raise NotFound("there is no such folder", where=folder, fix=hint)
    found = Classes(folder)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            (found.stray if is_picture(entry.path) else found.others).append(entry.name)
            continue
        paths = []
        for path in files(entry.path):
            relative = os.path.relpath(path, folder)
            if "\n" in relative or not is_picture(path):
                found.others.append(relative)
            else:
                paths.append(relative)
        if paths:
            found.names.append(entry.name)
            found.pictures.append(sorted(paths))
        else:
            found.empty.append(entry.name)
    if not found.names:
        raise DataError(
            "no folder of pictures lies in it", where=folder,
            found=f"{len(found.stray)} pictures outside of folders" if found.stray else None,
            allowed="one folder for each class, with its pictures",
            fix="Or name each picture and its label in a list: convert_imageset FOLDER/ LIST DB.")
    return found


def report(found: Classes) -> None:
    """Say how many pictures each class has, and what is left out."""
    logger.info("%s", found.counts())
    for paths, what in ((found.others, "what is no picture"),
                        (found.stray, "pictures in no class's folder"),
                        (found.empty, "folders without a picture")):
        if paths:
            more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
            names = ", ".join(shown(path) for path in paths[:LISTED])
            logger.warning("Left out, %s: %s%s", what, names, more)


def split(found: Classes, share: float, seed: int) -> tuple[list[Line], list[Line]]:
    """The pictures to train on and those to validate on: ``share`` of each class, at least one of
    it to each side, drawn by ``seed``.

    Raises:
        ConfigError: a share that leaves nothing for one side. DataError: a class of one picture.
    """
    if not 0 < share < 1:
        raise ConfigError("split is a share of the pictures", found=share,
                          allowed="above 0, below 1; 0.2 is a fifth")
    train, val = [], []
    for name, paths in zip(found.names, found.pictures, strict=True):
        if len(paths) < 2:
            raise DataError("one picture cannot be on both sides of the split",
                            where=os.path.join(found.folder, name),
                            fix="Add pictures to the class, or take its folder away.")
        drawn = random.Random(f"{seed}/{name}").sample(paths, len(paths))
        count = min(max(1, round(share * len(paths))), len(paths) - 1)
        val.append(sorted(drawn[:count]))
        train.append(sorted(drawn[count:]))
    return found.lines(train), found.lines(val)


def write_list(path: str, lines: Sequence[Line]) -> None:
    """Write ``path label`` lines, as convert_imageset and ImageData read them."""
    with atomic_write(path) as file:
        file.writelines(os.fsencode(f"{line.path} {line.label}\n") for line in lines)
    logger.info("Wrote %s: %d pictures", shown(path), len(lines))


def check_names(found: Classes, beside: str) -> None:
    """Let no labels.txt be lost.

    Raises:
        DataError: there is one in the folder of ``beside``, and it has other names.
    """
    path = names_file(beside)
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() != _names(found):
                raise DataError("it has the names of other classes", where=path,
                                fix="Write to another folder, or take the file away.")


def write_names(found: Classes, beside: str) -> None:
    """Write the classes' names, one a line, as labels.txt into the folder of ``beside``."""
    path = names_file(beside)
    with atomic_write(path) as file:
        file.write(_names(found))
    logger.info("Wrote %s: the names of labels 0 to %d", shown(path), len(found.names) - 1)


def names_file(beside: str) -> str:
    """labels.txt in the folder of a database or a list."""
    return os.path.join(os.path.dirname(beside.rstrip("/")), NAMES)


def read_names(path: str) -> list[str]:
    """The names in such a file, that of label 0 first, "" for one without; empty lines at the end
    do not count.

    Raises: NotFound, DataError, it cannot be read.
    """
    names = [textfile.printable(line).strip() for line in textfile.read_lines(path)]
    while names and not names[-1]:
        names.pop()
    return names


def part(path: str, which: str) -> str:
    """The name of one side of a split: DB_train, or LIST_train.txt."""
    stem, ending = os.path.splitext(path.rstrip("/"))
    return stem + which + ending


def is_picture(path: str) -> bool:
    """Whether a file begins as pictures do."""
    try:
        with open(os.fsencode(path), "rb") as file:
            return BEGINNINGS.match(file.read(16)) is not None
    except OSError:
        return False


def _names(found: Classes) -> bytes:
    return b"".join(os.fsencode(name) + b"\n" for name in found.names)


def files(folder: str) -> Iterator[str]:
    """All files below a folder; hidden ones are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(place, name) for name in names if not name.startswith("."))
