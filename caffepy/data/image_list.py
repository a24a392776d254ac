"""Pictures named in a text file, one ``path label`` a line, as records.

A line is cut at its last blank, so that paths may have blanks; the label is the whole number its
rest begins with, or 0. These are the original's rules, and they swallow mistakes (a float label, no
label at all), so a list that looks mistaken is warned of. A tab is a blank, and blanks around the
label are left out; the original took them for a part of the path.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np

from caffepy import log
from caffepy.data import image, missing
from caffepy.data.course import Worker
from caffepy.data.groups import by_class
from caffepy.data.pictures import Pictures
from caffepy.errors import ConfigError, DataError, NotFound, shown
from caffepy.proto import caffe_pb2, textfile
from caffepy.proto.paths import path_of

logger = log.get(__name__)

_WHOLE = re.compile(r"\s*([+-]?[0-9]+)")
_LABEL = re.compile(r"[+-]?[0-9]+")
MOST_DIGITS = 20  # of a label: more are out of every range
_COMMA = re.compile(r".+[,;][+-]?[0-9.]*")
_CUT = re.compile(r"(.*?[^ \t])[ \t]+([^ \t]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One picture of a list: its path as written, its label, the number of its line."""

    path: str
    label: int
    number: int


def atoi(text: str) -> int:
    """The whole number that ``text`` begins with, or 0: C's rule, by which "2.7" is 2."""
    match = _WHOLE.match(text)
    return int(match[1][:MOST_DIGITS]) if match else 0


def read_lines(path: str) -> list[str]:
    """The lines of a list of pictures as they are.

    Raises:
        NotFound: no such file. DataError: it cannot be read.
    """
    try:
        return textfile.read_lines(path)
    except NotFound:
        raise NotFound("there is no such list of pictures", where=path,
                       fix=None if os.path.isabs(path) else
                       f"The path starts from {os.getcwd()}.") from None


def read_list(path: str) -> list[Line]:
    """The pictures of a list file; empty lines are left out.

    Raises:
        NotFound: no such file. DataError: it cannot be read, or names no picture.
    """
    lines: list[Line] = []
    doubtful: list[tuple[int, str]] = []
    for number, text in enumerate(read_lines(path), 1):
        text = text.rstrip(" \t\r")
        if not text:
            continue
        name, label = _cut(text)
        if label.isascii() and label.isdigit() and len(label) < MOST_DIGITS:
            lines.append(Line(name, int(label), number))
            continue
        if not _LABEL.fullmatch(label):
            doubtful.append((number, text))
        lines.append(Line(name, atoi(label), number))
    if not lines:
        raise DataError("the list names no picture", where=path,
                        allowed="one `path label` a line")
    if doubtful:
        _warn(path, doubtful, len(lines))
    return lines


def _cut(text: str) -> tuple[str, str]:
    """Path and label of a line; without a blank the original takes the whole line for both."""
    name, blank, label = text.rpartition(" ")
    if blank and "\t" not in text and name[-1:] not in ("", " "):  # as nearly all are
        return name, label
    cut = _CUT.fullmatch(text)
    return (cut[1], cut[2]) if cut else (text, text)


def _warn(path: str, doubtful: list[tuple[int, str]], total: int) -> None:
    number, text = doubtful[0]
    name, label = _cut(text)
    if name == text:
        why = ("a comma stands where a blank must be" if _COMMA.fullmatch(text)
               else "there is no label")
        read = f"the path is taken as {text!r} and the label as {atoi(text)}"
    else:
        why, read = "a label is one whole number", f"{label!r} is taken as {atoi(label)}"
    more = f"; {len(doubtful)} of {total} lines are like this" if len(doubtful) > 1 else ""
    logger.warning("%s:%d: %s, so %s%s.", shown(path), number, why, read, more)


class ImageList(Pictures[Line]):
    """The pictures of a list, with their labels.

    In TRAIN several workers divide the list. (The original gives every worker the same list from
    its start and recommends shuffling; dividing it keeps workers from seeing the same pictures.)

    Args:
        param, transform_param: the layer's image_data_param and transform_param.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError: naming the line where there is one.
    """

    def __init__(
        self, param: caffe_pb2.ImageDataParameter,
        transform_param: caffe_pb2.TransformationParameter, worker: Worker,
    ) -> None:
        if not param.source:
            raise ConfigError("image_data_param needs a source, a list of pictures")
        if (param.new_height > 0) != (param.new_width > 0):
            raise ConfigError("new_height and new_width must be given both or not at all",
                              found=f"{param.new_height} x {param.new_width}")
        super().__init__(transform_param, worker)
        self._param = param
        self._list, self._root = path_of(param, "source"), path_of(param, "root_folder")
        logger.info("Opening file %s", self._list)
        self._lines = read_list(self._list)
        self.count = len(self._lines)
        logger.info("A total of %d images.", self.count)
        if param.balance:
            self.groups = by_class(line.label for line in self._lines)

    def record(self, index: int) -> Line:
        return self._lines[index]

    def called(self, index: int) -> str:
        return self._lines[index].path

    def load(self, line: Line) -> tuple[np.ndarray, int]:
        param = self._param
        try:
            path = missing.place(self._root, line.path)
            picture = image.read_image(path, param.is_color, param.new_height, param.new_width)
        except NotFound as error:
            missing.explain(error, self._root, line.path, self._list,
                            [other.path for other in self._lines])
            raise
        return picture, line.label

    def where(self, line: Line) -> str:
        return f"{self._list}:{line.number}"

    def name(self, line: Line) -> str:
        return f"{self.where(line)} ({line.path})"
