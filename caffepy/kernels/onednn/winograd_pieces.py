"""How Winograd's convolution cuts its work: tiles of rows, pieces of a batch, and their places.

See winograd.py for the algorithm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Shape
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout
from caffepy.kernels.onednn.common import RELU, Cuts
from caffepy.kernels.onednn.ending import PLAIN, Ending
from caffepy.kernels.onednn.interpolation import Tile
from caffepy.kernels.onednn.runtime import Call, Runtime

ROWS = 16  # of a picture that one small matrix makes; in a larger one most would be zeros
PIECE = 2**20  # numbers at all points that are worked on at a time, so that the cache holds them


@dataclass(frozen=True, eq=False)
class Part:
    """Neighbouring tiles: which rows of a picture they look at, and which they make.

    Attributes:
        mix: B^T for all of them, (points * tiles, rows read).
        unmix: A^T, (rows made, points * tiles).
    """

    tiles: int
    reads: range
    makes: range
    mix: Array
    unmix: Array


def parts(tile: Tile, rows_in: int, rows_out: int, pad: int) -> Iterator[Part]:
    """How ``rows_out`` rows are made of ``rows_in``, ``pad`` rows of zeros above them."""
    m, points, tiles = tile.outputs, tile.points, -(-rows_out // tile.outputs)
    a, bt = tile.a, tile.bt
    count = min(tiles, -(-rows_out // ROWS))
    for index in range(count):
        first, end = (tiles * i // count for i in (index, index + 1))
        reads = range(max(0, first * m - pad), min(rows_in, (end - 1) * m - pad + points))
        makes = range(first * m, min(end * m, rows_out))
        mix = np.zeros((points, end - first, len(reads)), np.float32)
        unmix = np.zeros((len(makes), points, end - first), np.float32)
        for t in range(first, end):
            for j, row in enumerate(range(t * m - pad, t * m - pad + points)):
                if row in reads:
                    mix[:, t - first, row - reads.start] = bt[:, j]
            for j, row in enumerate(range(t * m, t * m + m)):
                if row in makes:
                    unmix[row - makes.start, :, t - first] = a[:, j]
        yield Part(end - first, reads, makes, mix.reshape(-1, len(reads)),
                   unmix.reshape(len(makes), -1))


class Side:
    """Pictures of one side of a convolution, ``images`` of them, and their numbers at all points.

    Args:
        shape: of all pictures, N x C x H x W.
        name: of the buffer where the numbers at the points lie, until the next convolution.
    """

    def __init__(self, runtime: Runtime, shape: Shape, images: int, part: Part, points: int,
                 name: str) -> None:
        _, self.channels, self.height, self.width = shape
        self.runtime, self.images, self.part, self.name = runtime, images, part, name
        self.row = self.channels * self.width
        self.count = part.tiles * images * self.row  # of numbers at one point
        self._bytes = 4 * points * self.count
        self._cuts = Cuts(range(0, self._bytes, 4 * self.count))

    def at_points(self) -> list[Array]:
        """Where the numbers at each point begin."""
        return self._cuts.of(self.runtime.buffer(self.name, self._bytes))

    def layout(self, pictures: int = 0) -> Layout:
        """Of the numbers at one point, as so many pictures; by default each tile is one of its
        own, a single row of pixels high."""
        rows = self.part.tiles * self.images
        pictures = pictures or rows
        return self.runtime.last((pictures, self.channels, rows // pictures, self.width))

    def product(self, matrix: Array, into_points: bool, ending: Ending = PLAIN) -> Call:
        """A call (from, to) that multiplies each picture's rows with a matrix, or each one's
        numbers at the points."""
        rows = matrix.shape[1 if into_points else 0]
        mixed = matrix.shape[0 if into_points else 1]
        pictures = self.runtime.strided((self.images, rows, self.row),
                                        (self.height * self.row, self.row, 1))
        points = self.runtime.strided((self.images, mixed, self.row),
                                      (self.row, self.images * self.row, 1))
        source, target = (pictures, points) if into_points else (points, pictures)
        small = self.runtime.plain((1, *matrix.shape))
        chosen = self.runtime.choose("matmul", small, source, None, target,
                                     post_ops=ending.post_ops(RELU, target))
        return chosen.call((api.WEIGHTS, source), (api.DST, target), *ending.arguments(target),
                           fixed=[(api.SRC, small, matrix)])


class Steps:
    """The pieces of a pass: some pictures, and of these some tiles.

    Args:
        source, target: the shapes of the pictures that are read and made.
        pad: rows of zeros above those that are read.
    """

    def __init__(self, tile: Tile, source: Shape, target: Shape, pad: int) -> None:
        images = source[0]
        self.parts = list(parts(tile, source[2], target[2], pad))
        largest = max(part.tiles for part in self.parts) * tile.points * max(
            shape[1] * shape[3] for shape in (source, target))
        pieces = -(-images // max(1, PIECE // largest))
        cuts = [images * i // pieces for i in range(pieces + 1)]
        self.list = [(cut, end - cut, part) for cut, end in zip(cuts, cuts[1:], strict=False)
                     for part in self.parts]

    def reading(self, shape: Shape) -> Cuts:
        """Where in the pictures that are read each step begins."""
        return Cuts([self._start(shape, image, part.reads) for image, _, part in self.list])

    def making(self, shape: Shape) -> Cuts:
        """Where in the pictures that are made each step begins."""
        return Cuts([self._start(shape, image, part.makes) for image, _, part in self.list])

    @staticmethod
    def _start(shape: Shape, image: int, rows: range) -> int:
        _, channels, height, width = shape
        return (image * height + rows.start) * width * channels
