"""A canvas that is a PDF file of one page, with the fonts that every reader has.

The format: ISO 32000-1; its figures in points of 1/72 inch, from the lower left.
"""

from __future__ import annotations

import zlib

from caffepy.drawing.layout import Point
from caffepy.drawing.svg import SIZE, WIDTHS, bend

LONGEST = 14400.0  # points of a page's side; longer ones readers do not open
POINTS = 0.75  # for one of the layout's pixels
HEAD = 8.0
INK = "0.2 0.2 0.2"
BOLDER = 1.06  # Helvetica-Bold is about so much wider


class PdfCanvas:
    """See caffepy.drawing.picture.Canvas."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = (0.0, 0.0)

    def text_width(self, text: str, bold: bool) -> float:
        width = sum(WIDTHS.get(letter, 556) for letter in _letters(text))
        return width * SIZE / 1000 * (BOLDER if bold else 1)

    def begin(self, width: float, height: float) -> None:
        scale = min(POINTS, LONGEST / max(width, height))
        self._size = (width * scale, height * scale)
        # from here on in pixels from the upper left; only letters would stand on their heads
        self._parts = [f"{scale:.6f} 0 0 {-scale:.6f} 0 {self._size[1]:.2f} cm", f"{INK} RG 1 w"]

    def polygon(self, points: list[Point], fill: str) -> None:
        color = " ".join(f"{int(fill[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))
        self._parts.append(f"{color} rg {_path(points)} b")

    def curve(self, pairs: list[tuple[Point, Point]], vertical: bool) -> None:
        words, last = "", None
        for start, end in pairs:
            if last is None:
                words = f"{_at(start)} m"
            else:
                one, other = bend(last, start, vertical)
                words += f" {_at(one)} {_at(other)} {_at(start)} c"
            words += f" {_at(end)} l" if end != start else ""
            last = end
        (x, y), begin = pairs[-1][1], pairs[0][0]
        along = (y - begin[1] if vertical else x - begin[0]) >= 0
        back = -HEAD if along else HEAD
        ends = [(x + 3.5, y + back), (x - 3.5, y + back)] if vertical else [
            (x + back, y + 3.5), (x + back, y - 3.5)]
        self._parts.append(f"{words} S {INK} rg {_path([(x, y), *ends])} f")

    def text(self, text: str, center: Point, bold: bool) -> None:
        x, y = center[0] - self.text_width(text, bold) / 2, center[1] + 0.35 * SIZE
        words = "".join(rf"\{byte:03o}" if byte > 126 or byte < 32 or byte in b"\\()" else chr(byte)
                        for byte in _letters(text).encode("cp1252"))
        self._parts.append(f"BT 0 0 0 rg /{'B' if bold else 'R'} {SIZE} Tf "
                           f"1 0 0 -1 {_at((x, y))} Tm ({words}) Tj ET")

    def about(self, layer: str) -> None:
        """Nothing is to be clicked here."""

    def finish(self) -> bytes:
        drawn = zlib.compress("\n".join(self._parts).encode("ascii"))
        width, height = self._size
        font = "<< /Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding /BaseFont /Helvetica%s >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /Contents 4 0 R"
            " /Resources << /Font << /R 5 0 R /B 6 0 R >> >> >>".encode(),
            f"<< /Length {len(drawn)} /Filter /FlateDecode >>\nstream\n".encode() + drawn
            + b"\nendstream",
            (font % "").encode(), (font % "-Bold").encode(),
        ]
        data, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
        for number, item in enumerate(objects, 1):
            places.append(len(data))
            data += b"%d 0 obj\n%b\nendobj\n" % (number, item)
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        return data + (b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n"
                       b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1,
                                                      len(data)))


def _letters(text: str) -> str:
    """The letters that the fonts have."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _path(points: list[Point]) -> str:
    first, *rest = map(_at, points)
    return f"{first} m " + " ".join(f"{point} l" for point in rest)


def _at(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"
