"""A canvas of pixels, drawn by OpenCV: PNG, JPEG and what else it writes."""

from __future__ import annotations

import math

import numpy as np

from caffepy.drawing.layout import Point
from caffepy.drawing.svg import bend
from caffepy.errors import ConfigError

SCALE = 2.0  # pixels for one of the layout's
MOST = 1.6e8  # pixels; beyond, the picture is drawn smaller
LONGEST = 65000.0  # pixels on a side; longer ones many programs do not open
LETTERS = 0.38  # OpenCV's size for its letters, which then are 8 high
SHIFT = 4  # OpenCV takes coordinates in 1/16 pixels
STEPS = 12  # straight parts of a curve
INK = (51, 51, 51)


class PixelCanvas:
    """See caffepy.drawing.picture.Canvas.

    Args:
        ext: the file name extension of a format that OpenCV writes.

    Raises:
        ConfigError: it writes none of that name.
    """

    def __init__(self, ext: str) -> None:
        import cv2

        self._cv2 = cv2
        self._ext = f".{ext}"
        self._scale = SCALE
        try:
            known = cv2.haveImageWriter(f"net{self._ext}")
        except cv2.error:
            known = False
        if not known:
            raise ConfigError(f"pictures are not drawn as .{ext}",
                              allowed="svg, pdf, png, jpg and others of OpenCV's, dot, and "
                                      "with Graphviz installed what it writes")
        self._picture = np.zeros((0, 0, 3), np.uint8)

    def text_width(self, text: str, bold: bool) -> float:
        (width, _), _ = self._cv2.getTextSize(  # finer than a pixel
            _ascii(text), self._cv2.FONT_HERSHEY_SIMPLEX, LETTERS * 8, 2 if bold else 1)
        return width / 8 + (1 if bold else 0)

    def begin(self, width: float, height: float) -> None:
        self._scale = min(SCALE, math.sqrt(MOST / (width * height)), LONGEST / max(width, height))
        self._picture = np.full((math.ceil(height * self._scale), math.ceil(width * self._scale),
                                 3), 255, np.uint8)

    def polygon(self, points: list[Point], fill: str) -> None:
        color = tuple(int(fill[i : i + 2], 16) for i in (5, 3, 1))  # OpenCV has BGR
        corners = self._points(points)
        self._cv2.fillPoly(self._picture, [corners], color, self._cv2.LINE_AA, SHIFT)
        self._cv2.polylines(self._picture, [corners], True, INK, 1, self._cv2.LINE_AA, SHIFT)

    def curve(self, pairs: list[tuple[Point, Point]], vertical: bool) -> None:
        line: list[Point] = []
        for start, end in pairs:
            if line:
                line += _cubic(line[-1], *bend(line[-1], start, vertical), start)
            line += [start, end]
        self._cv2.polylines(self._picture, [self._points(line)], False, INK, 1,
                            self._cv2.LINE_AA, SHIFT)
        # arrows arrive along the ranks, whatever the last steps of the curve look like
        (x, y), before = line[-1], line[0]
        dx, dy = (0.0, math.copysign(1, y - before[1])) if vertical else (
            math.copysign(1, x - before[0]), 0.0)
        head = [(x, y), *((x - 8 * dx + side * dy, y - 8 * dy - side * dx) for side in (3.5, -3.5))]
        self._cv2.fillPoly(self._picture, [self._points(head)], INK, self._cv2.LINE_AA, SHIFT)

    def text(self, text: str, center: Point, bold: bool) -> None:
        scale = self._scale
        x = (center[0] - self.text_width(text, bold) / 2) * scale
        y = (center[1] + 4) * scale
        self._cv2.putText(self._picture, _ascii(text), (round(x), round(y)),
                          self._cv2.FONT_HERSHEY_SIMPLEX, LETTERS * scale, (0, 0, 0),
                          max(round((0.9 if bold else 0.5) * scale), 1), self._cv2.LINE_AA)

    def about(self, layer: str) -> None:
        """Nothing is to be clicked here."""

    def finish(self) -> bytes:
        done, data = self._cv2.imencode(self._ext, self._picture)
        if not done:
            raise ConfigError(f"the picture cannot be written as {self._ext}")
        return data.tobytes()

    def _points(self, points: list[Point]) -> np.ndarray:
        return np.round(np.array(points) * (self._scale * (1 << SHIFT))).astype(np.int32)


def _cubic(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """Bezier's curve from a to d, as points."""
    points = []
    for t in (i / STEPS for i in range(1, STEPS)):
        s = 1 - t
        points.append((s * s * s * a[0] + 3 * s * s * t * b[0] + 3 * s * t * t * c[0]
                       + t * t * t * d[0],
                       s * s * s * a[1] + 3 * s * s * t * b[1] + 3 * s * t * t * c[1]
                       + t * t * t * d[1]))
    return points


def _ascii(text: str) -> str:
    """OpenCV's letters are ASCII alone."""
    return text.encode("ascii", "replace").decode()
