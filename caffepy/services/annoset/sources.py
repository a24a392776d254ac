"""Where pictures and their annotations are named: a list of both, or COCO's file of a whole set."""

from __future__ import annotations

import os
from collections.abc import Callable

from caffepy.data import missing, voc
from caffepy.data.annotation import Annotation
from caffepy.data.label_map import Numbers
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto.files import file_error
from caffepy.services import storing
from caffepy.services.annoset import coco, plain
from caffepy.services.annoset.box_list import BoxLine, read_list

# of each label_type what makes an Annotation of a file's bytes, its path and the classes
PARSERS: dict[str, Callable[[bytes, str, Numbers], Annotation]] = {
    "xml": voc.parse, "json": coco.parse, "txt": plain.parse}


class Files:
    """A list of pictures and their annotation files.

    Args:
        root: put right before both paths.
        allow_missing: a picture whose annotation file is not there is one without boxes.

    Attributes:
        lines: of the list, in order.

    Raises: as read_list and storing.root_of; ConfigError, there is no such label_type.
    """

    def __init__(self, listfile: str, root: str, label_type: str, numbers: Numbers,
                 allow_missing: bool) -> None:
        if label_type not in PARSERS:
            raise ConfigError("there is no such type of annotation files", found=label_type,
                              allowed=", ".join(PARSERS))
        self._parse, self._numbers, self._allow = PARSERS[label_type], numbers, allow_missing
        self.lines = read_list(listfile, storing.root_of(root, ""))
        self.root = storing.root_of(root, self.lines[0].path)

    def annotation(self, line: BoxLine) -> tuple[Annotation, str]:
        """What is said of a picture, and where; raises DataError and NotFound."""
        place = missing.place(self.root, line.annotation)
        try:
            with open(place, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            if self._allow:
                return Annotation(), place
            raise NotFound("there is no such annotation file", where=place) from None
        except OSError as error:
            raise file_error(error, place, "read") from error
        return self._parse(data, place, self._numbers), place


class CocoSet:
    """COCO's file of a whole set; the same attributes.

    Raises: as coco.read_set and storing.root_of.
    """

    def __init__(self, path: str, root: str, numbers: Numbers) -> None:
        self._path, self._of = path, coco.read_set(path, numbers)
        if not self._of:
            raise DataError("the set has no picture", where=path)
        self.lines = [BoxLine(name, path, number) for number, name in enumerate(self._of, 1)]
        self.root = storing.root_of(root, self.lines[0].path)

    def annotation(self, line: BoxLine) -> tuple[Annotation, str]:
        return self._of[line.path], f"{self._path}, {line.path}"


def open_source(listfile: str, root: str, label_type: str, numbers: Numbers,
                allow_missing: bool = False) -> Files | CocoSet:
    """The one that a list's name and label_type mean: with json a .json is a whole set."""
    if label_type == "json" and os.path.splitext(listfile)[1].lower() == ".json":
        return CocoSet(listfile, root, numbers)
    return Files(listfile, root, label_type, numbers, allow_missing)
