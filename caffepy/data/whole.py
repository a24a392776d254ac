"""Batches of whole pictures, as bytes: for a device that cuts and transforms them itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod

import numpy as np

from caffepy.core.memory import Shape
from caffepy.data.recycle import fitting
from caffepy.data.transform import Transformer

NewBytes = Callable[[int], np.ndarray]  # so many bytes of memory


@dataclass
class Whole:
    """N records.

    Attributes:
        pictures: N x C x H x W, uint8; in memory perhaps N x H x W x C.
        cuts: N x 3, int32: row and column where to cut, and 1 to mirror.
        shape: N x C x H' x W', that of the transformed pictures.
        rest: the other tops' numbers in turn; labels, N.
        position: the one after them.
    """

    pictures: np.ndarray
    cuts: np.ndarray
    shape: Shape
    rest: list[np.ndarray]
    position: int = 0

    @property
    def labels(self) -> np.ndarray:
        """The second top's numbers."""
        return self.rest[0]


def whole_bytes(count: int, picture: np.ndarray) -> int:
    """Bytes of ``count`` pictures like this one; 0 if its numbers are no bytes."""
    return count * picture.nbytes if picture.dtype == np.uint8 else 0


class Collector:
    """Puts a source's pictures side by side, as long as they are bytes and of one size.

    From the first batch on in which they are not, as with float_data, it makes no more batches:
    their user then goes the other way for good, and does not change between the two.

    Args:
        transformer: tells where to cut.
        new_bytes: makes the memory of batches; any thread may call it.
    """

    def __init__(self, transformer: Transformer, new_bytes: NewBytes) -> None:
        self.transformer = transformer
        self._new_bytes = new_bytes
        self._fit = True
        self._free: deque[Whole] = deque()

    def collect(
        self, pictures: Iterable[np.ndarray], count: int, first: int, step: int,
        others: Sequence[Shape] = (),
    ) -> tuple[Whole | None, Iterable[np.ndarray]]:
        """A batch, with room for the other tops; or None, and the pictures, none of them missing.

        Args:
            pictures: ``count`` arrays C x H x W; each may change when the next one is taken.
            first, step: they are the records number first, first + step, ...
            others: shapes of the other tops.
        """
        if not self._fit:
            return None, pictures
        rest = iter(pictures)
        begin = next(rest)
        taken: Iterator[np.ndarray] = iter(())
        if begin.dtype == np.uint8:
            batch = self._take(count, begin)
            batch.rest = fitting(others, batch.rest)
            batch.pictures[0] = begin
            for i, picture in enumerate(rest, 1):
                if picture.dtype != np.uint8 or picture.shape != begin.shape:
                    begin, taken = picture, iter(batch.pictures[:i])
                    break
                batch.pictures[i] = picture
            else:
                batch.cuts[...] = self.transformer.cuts(begin.shape, first, count, step)
                return batch, ()
        self._fit = False
        return None, chain(taken, [begin], rest)

    def recycle(self, batch: Whole) -> None:
        """Give back a batch that nobody reads any more: its memory is used again."""
        self._free.append(batch)

    def _take(self, count: int, like: np.ndarray) -> Whole:
        """A batch with whatever is in it, in the order of memory that ``like`` is in."""
        shape = count, *like.shape
        while self._free:
            batch = self._free.popleft()
            if batch.pictures.shape == shape:  # after a change of shape the old ones are let go
                return batch
        raw = self._new_bytes(prod(shape))
        if like.strides[0] == 1:  # as OpenCV gives them
            channels, height, width = like.shape
            pictures = raw.reshape(count, height, width, channels).transpose(0, 3, 1, 2)
        else:
            pictures = raw.reshape(shape)
        return Whole(
            pictures, self._new_bytes(count * 12).view(np.int32).reshape(count, 3),
            (count, *self.transformer.output_shape(*like.shape)), [])
