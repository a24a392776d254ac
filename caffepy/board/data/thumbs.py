"""Pictures of records: small ones for pages, and large ones."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from caffepy.board.data.record import Record
from caffepy.board.data.sources import Source, Sources
from caffepy.board.shelf import Shelf
from caffepy.errors import NotFound
from caffepy.services.data_sheet import boxes, panels
from caffepy.services.sheets.levels import Levels
from caffepy.services.sheets.page import as_png, fitted

Array = NDArray[Any]

SIDE = 128    # pixels of a small one
LARGE = 1024  # of a large one
BOXED = 320   # pixels that boxes and their names want
KEPT = 4000   # small pictures
PNG = 96      # pixels up to which a picture stays as it is; beyond, JPEG is much smaller
QUALITY = 88


class Thumb(NamedTuple):
    """A small picture of a record, and its labels."""

    content: bytes
    labels: list[int]


class Thumbs:
    """Keeps small pictures; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self._kept: OrderedDict[tuple[object, int], Thumb] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, sources: Sources, source: Source, numbers: Iterable[int]) -> None:
        """Make those of these records that are not there, in one walk."""
        store = sources.store(source)
        stamp = _stamp(source, store.files())
        with self._lock:
            missing = sorted(one for one in set(numbers) if (stamp, one) not in self._kept)
        made = [(record.number, Thumb(small(record), record.labels))
                for record in store.take(missing)] if missing else []
        with self._lock:
            for number, thumb in made:
                self._kept[stamp, number] = thumb
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def get(self, sources: Sources, source: Source, number: int) -> bytes:
        """A PNG or JPEG.

        Raises:
            NotFound: there is no such record.
        """
        return self._thumb(sources, source, number).content

    def labels(self, sources: Sources, source: Source, number: int) -> list[int]:
        """The labels of a record, none of one that is not there."""
        try:
            return self._thumb(sources, source, number).labels
        except NotFound:
            return []

    def _thumb(self, sources: Sources, source: Source, number: int) -> Thumb:
        key = _stamp(source, sources.store(source).files()), number
        for _ in range(2):
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            self.prepare(sources, source, [number])
        raise NotFound("there is no such record", where=f"{source.name}, record {number}")


def _stamp(source: Source, files: Sequence[str]) -> object:
    return source.name, tuple((os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in files)


def small(record: Record) -> bytes:
    """Of a record, without boxes' names."""
    return encoded(drawn(record, {}, named=False), SIDE)


def large(record: Record, names: Mapping[int, str]) -> bytes:
    """Of a record, with its boxes."""
    return encoded(drawn(record, dict(names), named=True), LARGE)


def drawn(record: Record, names: dict[int, str], named: bool) -> Array:
    """H x W x 3 bytes in OpenCV's order; a gray field where there is nothing to see."""
    if record.picture is None or not record.picture.size:
        return np.full((SIDE, SIDE, 3), 128, np.uint8)
    picture = of_array(record.picture)
    if not record.boxes:
        return picture
    if named and max(picture.shape[:2]) < BOXED:
        picture = fitted(picture, BOXED)
    if named:
        return boxes.draw(picture, record.boxes, names)
    return outlined(picture, record)


def outlined(picture: Array, record: Record) -> Array:
    """Boxes without names."""
    from caffepy.services.sheets import boxes as frames
    from caffepy.services.sheets.palette import color_of

    made = fitted(picture, SIDE)
    size = np.array([made.shape[1], made.shape[0]] * 2) - 1
    for box in record.boxes:
        frames.draw(made, np.array(box[1:5]) * size, "", color_of(box.label), 0.5, box.difficult)
    return made


def of_array(values: Array) -> Array:
    """Numbers of any shape as a picture, H x W x 3 bytes in OpenCV's order."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    levels = Levels() if values.dtype == np.uint8 else Levels.of(
        float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf)))
    if not panels.is_picture(values.shape):
        return panels.strip(values, levels)
    if values.ndim == 3 and len(values) == 4:
        values = values[:3]  # without alpha
    found = panels.pictures(values, levels, None)
    return np.concatenate(found, axis=1) if len(found) > 1 else found[0]


def encoded(picture: Array, most: int = LARGE) -> bytes:
    """Its file, brought to at most so many pixels a side: PNG for small ones, which keep their
    pixels, else JPEG."""
    import cv2

    if max(picture.shape[:2]) > most:
        picture = fitted(picture, most)
    if max(picture.shape[:2]) <= PNG:
        return as_png(picture)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
