"""Pictures looked at in places between their pixels: bilinear, with both gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Array


@dataclass
class Corners:
    """Where N x H x W places lie among pixels.

    Attributes:
        inside: which lie in the picture, 0 <= x < width and 0 <= y < height; or, four times, which
            of the pixels about them do.
        flat: the four pixels about each, left and right above, left and right below, as indices
            into a channel's pixels; the last row and column stand for those beyond them.
        alpha, beta: how far right of the left ones, and below the upper ones.
    """

    inside: Any
    flat: tuple[Array, Array, Array, Array]
    alpha: Array
    beta: Array


def corners(xp: Any, x: Array, y: Array, height: int, width: int) -> Corners:
    """The pixels about places (x, y); what is no number lies outside."""
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = xp.where(inside, x, 0), xp.where(inside, y, 0)
    left, upper = xp.floor(x), xp.floor(y)
    columns = left.astype(np.int64), xp.minimum(left.astype(np.int64) + 1, width - 1)
    rows = upper.astype(np.int64), xp.minimum(upper.astype(np.int64) + 1, height - 1)
    flat = tuple(row * width + column for row in rows for column in columns)
    return Corners(inside, flat, x - left, y - upper)  # type: ignore[arg-type]


def corners_of_all(xp: Any, x: Array, y: Array, height: int, width: int) -> Corners:
    """The pixels about places (x, y), each of which lies in the picture or not; what is no number
    lies outside."""
    known = (x == x) & (y == y)
    # two pixels beyond the edge are as far as any number of them
    x = xp.clip(xp.where(known, x, -2), -2, width)
    y = xp.clip(xp.where(known, y, -2), -2, height)
    left, upper = xp.floor(x), xp.floor(y)
    flat, inside = [], []
    for row in (upper, upper + 1):
        for column in (left, left + 1):
            inside.append((row >= 0) & (row < height) & (column >= 0) & (column < width))
            flat.append((xp.clip(row, 0, height - 1) * width
                         + xp.clip(column, 0, width - 1)).astype(np.int64))
    return Corners(tuple(inside), tuple(flat), x - left, y - upper)  # type: ignore[arg-type]


def each(at: Corners) -> tuple[Array, ...]:
    """Which of the four pixels about each place count."""
    return at.inside if isinstance(at.inside, tuple) else (at.inside,) * 4


def weights(at: Corners) -> tuple[Array, ...]:
    """How much each of the four counts; nothing outside."""
    a, b = at.alpha, at.beta
    shares = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
    return tuple(share * inside for share, inside in zip(shares, each(at), strict=True))


def pick(xp: Any, picture: Array, flat: Array) -> Array:
    """N x C x H x W pixels of N x C x H' x W' at N x H x W indices."""
    n, c = picture.shape[:2]
    pixels = picture.reshape(n, c, -1)
    index = xp.broadcast_to(flat.reshape(n, 1, -1), (n, c, flat[0].size))
    return xp.take_along_axis(pixels, index, 2).reshape(n, c, *flat.shape[1:])


def sample(xp: Any, picture: Array, at: Corners) -> Array:
    """The picture in those places; 0 outside."""
    return sum(pick(xp, picture, flat) * weight[:, None]
               for flat, weight in zip(at.flat, weights(at), strict=True))


def spread(xp: Any, dy: Array, at: Corners, shape: tuple[int, ...], out: Array) -> None:
    """The gradient of the picture, of this shape, from that of what was sampled."""
    n, c, height, width = shape
    size = height * width
    first = xp.arange(n * c).reshape(n, c, 1, 1) * size
    total = xp.zeros(n * c * size, np.float64)
    for flat, weight in zip(at.flat, weights(at), strict=True):
        index = (first + flat[:, None]).reshape(-1)
        total += xp.bincount(index, (dy * weight[:, None]).reshape(-1), n * c * size)
    out[...] = total.reshape(shape)


def slopes(xp: Any, picture: Array, dy: Array, at: Corners
           ) -> tuple[Array, Array]:
    """The gradients of x and y, N x H x W."""
    ul, ur, ll, lr = (pick(xp, picture, flat) * inside[:, None]
                      for flat, inside in zip(at.flat, each(at), strict=True))
    a, b = at.alpha[:, None], at.beta[:, None]
    across = (1 - b) * (ur - ul) + b * (lr - ll)
    down = (1 - a) * (ll - ul) + a * (lr - ur)
    return (dy * across).sum(axis=1), (dy * down).sum(axis=1)


def mean_slopes(xp: Any, picture: Array, dy: Array, at: Corners) -> tuple[Array, Array]:
    """The same; at whole numbers the mean of the slopes on both sides, one of which is 0 at the
    edge of the picture."""
    width = picture.shape[3]
    inside, a, b = at.inside, at.alpha, at.beta
    results = slopes(xp, picture, dy, at)
    upper_left = at.flat[0]
    for index, (whole, step, first, other, share) in enumerate((
            (a == 0, 1, upper_left % width > 0, 2, b),
            (b == 0, width, upper_left >= width, 1, a))):
        here, behind = (
            (1 - share)[:, None] * pick(xp, picture, upper_left - by)
            + share[:, None] * pick(xp, picture, at.flat[other] - by)
            for by in (0, xp.where(first, step, 0)))
        before = (dy * (here - behind)).sum(axis=1) * inside
        results[index][...] = xp.where(whole, (results[index] + before) / 2, results[index])
    return results
