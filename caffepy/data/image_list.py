"""Pictures named in a text file, one ``path label`` a line, as batches.

A line is cut at its last blank, so that paths may have blanks; the label is the whole number its
rest begins with, or 0. These are the original's rules, and they swallow mistakes (a float label, no
label at all), so a list that looks mistaken is warned of. A tab is a blank, and blanks around the
label are left out; the original took them for a part of the path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from caffepy import log
from caffepy.data import image, missing
from caffepy.data.crew import Crew, decoders
from caffepy.data.recycle import Batch, Shelf
from caffepy.data.transform import Transformer, draws, stream_key
from caffepy.data.whole import Collector, Room, Whole, whole_bytes
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, shown
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


def read_list(path: str) -> list[Line]:
    """The pictures of a list file; empty lines are left out.

    Raises:
        NotFound: no such file. DataError: it cannot be read, or names no picture.
    """
    lines: list[Line] = []
    doubtful: list[tuple[int, str]] = []
    try:
        texts = textfile.read_lines(path)
    except NotFound:
        raise NotFound("there is no such list of pictures", where=path,
                       fix=None if os.path.isabs(path) else
                       f"The path starts from {os.getcwd()}.") from None
    for number, text in enumerate(texts, 1):
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


class ImageListSource:
    """An ImageData layer's batches; see caffepy.data.reader.BatchSource, which it resembles.

    Args:
        param, transform_param: the layer's image_data_param and transform_param.
        phase: in TRAIN with several ranks, record i goes to rank i % size. (The original gives
            every worker the same list from its start and recommends shuffling; dividing it
            keeps workers from seeing the same pictures.)
        seed, stream: what order, rand_skip, crops and mirrors depend on; the same on every rank.
        threads: how many the net computes with; see ``crew.decoders``.

    Attributes:
        shape: N x C x H x W of the first batch. Each batch takes its own from its first picture.
        whole_bytes: what a batch of whole pictures takes as bytes.
        position: records consumed so far, by all ranks together. Order and draws are functions
            of it, so ``seek`` costs nothing and is exact.

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the line where there is one.
    """

    def __init__(
        self,
        param: caffe_pb2.ImageDataParameter,
        transform_param: caffe_pb2.TransformationParameter,
        phase: int,
        *,
        seed: int = 0,
        stream: str = "",
        rank: int = 0,
        size: int = 1,
        threads: int | None = None,
    ) -> None:
        if not param.source:
            raise ConfigError("image_data_param needs a source, a list of pictures")
        if not param.batch_size:
            raise ConfigError("image_data_param needs a batch_size of 1 or more")
        if (param.new_height > 0) != (param.new_width > 0):
            raise ConfigError("new_height and new_width must be given both or not at all",
                              found=f"{param.new_height} x {param.new_width}")
        self._param = param
        self._transformer = Transformer(transform_param, phase, seed, stream)
        self._rank, self._size = (rank, size) if phase == caffe_pb2.TRAIN else (0, 1)
        self._list, self._root = path_of(param, "source"), path_of(param, "root_folder")
        logger.info("Opening file %s", self._list)
        self._lines = read_list(self._list)
        logger.info("A total of %d images.", len(self._lines))
        self._shuffle_key = stream_key(seed, stream + "/shuffle")
        self._order: tuple[int, np.ndarray] = (-1, np.arange(len(self._lines)))
        if param.shuffle:
            logger.info("Shuffling data")
        self._skip = 0
        if param.rand_skip:
            skip_key = stream_key(seed, stream + "/rand_skip")
            self._skip = int(draws(skip_key, np.zeros(1, np.int64), param.rand_skip)[0])
            logger.info("Skipping first %d data points.", self._skip)
        self._shelf = Shelf()
        self._collector: Collector | None = None
        self._crew = Crew(decoders(threads))
        self.position = 0
        first = self._line(0)
        picture = self._read(first)
        self.shape = (param.batch_size, *self._shape(first, picture))
        self.whole_bytes = whole_bytes(param.batch_size, picture)

    @property
    def records(self) -> int:
        """How many pictures the list has."""
        return len(self._lines)

    def seek(self, position: int) -> None:
        """Go on as if ``position`` records had been consumed."""
        self.position = position

    def send_whole(self, room: Room) -> Collector:
        """As BatchSource's."""
        self._collector = Collector(self._transformer, room)
        return self._collector

    def next(self) -> Batch | Whole:
        """The next batch, in a recycled one's arrays if there is one of its shape."""
        count = self._param.batch_size
        start = self.position + self._rank
        lines = [self._line(start + i * self._size) for i in range(count)]
        pictures = self._crew.map(self._read, lines)
        picture = next(pictures)
        shape = (count, *self._shape(lines[0], picture))
        given: Iterable[np.ndarray] = chain([picture], pictures)
        batch: Batch | Whole | None = None
        if self._collector:
            batch, given = self._collector.collect(given, count, start, self._size)
        if batch is None:
            batch = self._shelf.take(shape)
            self._transformer.batch(
                given, start, batch.data, self._size, lambda i: self._name(lines[i]))
        batch.labels[...] = [line.label for line in lines]
        before = (self._skip + self.position) // len(self._lines)
        self.position += count * self._size
        if (self._skip + self.position) // len(self._lines) > before:
            logger.info("Restarting data prefetching from start.")
        batch.position = self.position
        return batch

    def recycle(self, batch: Batch) -> None:
        """Give a batch back that nobody reads any more: its arrays serve again."""
        self._shelf.give(batch)

    def close(self) -> None:
        """End the threads; no file is kept open."""
        self._crew.close()

    def _line(self, record: int) -> Line:
        """Record number ``record`` of the endless sequence."""
        epoch, index = divmod(self._skip + record, len(self._lines))
        if self._param.shuffle:
            if self._order[0] != epoch:
                self._order = (epoch, self._permutation(epoch))
            index = int(self._order[1][index])
        return self._lines[index]

    def _permutation(self, epoch: int) -> np.ndarray:
        total = len(self._lines)
        tickets = draws(self._shuffle_key, epoch * total + np.arange(total), 2**32)
        return np.argsort(tickets, kind="stable")

    def _read(self, line: Line) -> np.ndarray:
        param = self._param
        try:
            path = missing.place(self._root, line.path)
            return image.read_image(path, param.is_color, param.new_height, param.new_width)
        except CaffeError as error:
            if isinstance(error, NotFound):
                missing.explain(error, self._root, line.path, self._list,
                                [other.path for other in self._lines])
            raise error.at(f"{self._list}:{line.number}") from error

    def _shape(self, line: Line, picture: np.ndarray) -> tuple[int, int, int]:
        try:
            return self._transformer.output_shape(*picture.shape)
        except CaffeError as error:
            raise error.at(self._name(line)) from error

    def _name(self, line: Line) -> str:
        return f"{self._list}:{line.number} ({line.path})"
