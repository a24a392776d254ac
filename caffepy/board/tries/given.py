"""Pictures that visitors sent: decoded with care, kept in memory for a while."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.data.record import Record
from caffepy.board.shelf import Shelf
from caffepy.data import image
from caffepy.data.picture_size import KINDS, refuse_giant, size_of
from caffepy.errors import DataError, NotFound

Array = NDArray[Any]

MOST_BYTES = 32 << 20   # of a picture's file
MOST_PIXELS = 40_000_000
KEPT, KEPT_BYTES = 64, 128 << 20


@dataclass(frozen=True)
class Given:
    """A picture.

    Attributes:
        key: by which it is found again.
        name: what its file was called.
        planes: C x H x W bytes, blue, green, red, or one channel.
    """

    key: str
    name: str
    planes: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.planes.shape[1], self.planes.shape[2]


class Pictures:
    """Those that were sent; see ``Ask.one``."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._kept: OrderedDict[str, Given] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, name: str, data: bytes) -> Given:
        """A picture's file.

        Raises:
            DataError: it is no picture, or too large.
        """
        given = Given(secrets.token_urlsafe(9), name[-200:], decoded(data, name))
        with self._lock:
            self._kept[given.key] = given
            while len(self._kept) > KEPT or len(self._kept) > 1 and sum(
                    one.planes.nbytes for one in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return given

    def get(self, key: str) -> Given:
        """Raises NotFound if it is not there any more."""
        with self._lock:
            if key not in self._kept:
                raise NotFound("this picture is not kept any more", fix="Give it again.")
            self._kept.move_to_end(key)
            return self._kept[key]


def decoded(data: bytes, name: str = "") -> Array:
    """C x H x W bytes of a picture's file: three channels or one.

    Raises:
        DataError: it is no picture, broken, or too large.
    """
    if len(data) > MOST_BYTES:
        raise DataError("the picture's file is too large", where=name or None,
                        found=f"{len(data) >> 20} MiB", allowed=f"{MOST_BYTES >> 20} MiB")
    if size_of(data) is None:
        raise DataError("this is no picture that can be tried", where=name or None,
                        found=f"{len(data)} bytes starting {data[:8].hex(' ')}", allowed=KINDS)
    try:
        refuse_giant(data, MOST_PIXELS)
        planes = image.decode(data)
        return planes[:3] if len(planes) == 4 else planes if len(planes) in (1, 3) else planes[:1]
    except DataError as error:
        if "8 bits" in error.message:  # 16 bits a channel: OpenCV brings them to 8
            return image.decode(data, True)
        raise error.at(name) if name else error from None


def of_record(record: Record, key: str) -> Given:
    """A record of a database or a list as a picture.

    Raises:
        DataError: it is none.
    """
    planes = record.picture
    if record.trouble:
        raise DataError(record.trouble, where=record.key)
    if planes is None or planes.dtype != np.uint8 or planes.ndim != 3 or len(planes) not in (
            1, 3, 4):
        raise DataError("the record is no picture of one or three channels of bytes",
                        where=record.key,
                        found=None if planes is None else f"{planes.shape} {planes.dtype}")
    return Given(key, record.key, planes[:3] if len(planes) == 4 else planes)


def with_channels(planes: Array, channels: int) -> Array:
    """The picture with one or three channels."""
    if len(planes) == channels:
        return planes
    if channels == 3:
        return np.repeat(planes[:1], 3, 0)
    import cv2

    return cv2.cvtColor(image.pixels(planes), cv2.COLOR_BGR2GRAY)[None]
