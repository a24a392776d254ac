"""A canvas that is an SVG file."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from caffepy.drawing.layout import Point

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
SIZE = 12
# thousandths of the font's size, as Helvetica has them, by letter; what is not here is 556
WIDTHS = {
    **dict.fromkeys("ijl'|", 222), **dict.fromkeys(" ft.,:;/!\\I[]", 278),
    **dict.fromkeys("r()-{}`", 333), **dict.fromkeys('"*', 389),
    **dict.fromkeys("cksvxyzJ", 500), **dict.fromkeys("+=<>~", 584),
    **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM", 833), **dict.fromkeys("W@%", 1015),
}  # fmt: skip
SPARE = 1.12  # other fonts are somewhat wider, and so are bold letters


class SvgCanvas:
    """See caffepy.drawing.picture.Canvas.

    Args:
        address: where a click on a layer of this name leads; None: nowhere.
    """

    def __init__(self, address: Callable[[str], str] | None = None) -> None:
        self._parts: list[str] = []
        self._address, self._open = address, False

    def text_width(self, text: str, bold: bool) -> float:
        width = sum(WIDTHS.get(letter, 556 if letter.isascii() else 1000) for letter in text)
        return width * SIZE / 1000 * SPARE * (1.05 if bold else 1)

    def begin(self, width: float, height: float) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}" font-size="{SIZE}" '
            'text-anchor="middle">',
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
            '<rect width="100%" height="100%" fill="white"/>',
        ]

    def polygon(self, points: list[Point], fill: str) -> None:
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{places}" fill="{fill}" stroke="#333"/>')

    def curve(self, pairs: list[tuple[Point, Point]], vertical: bool) -> None:
        path, last = "", None
        for start, end in pairs:
            if last is None:
                path = f"M{_at(start)}"
            else:
                one, other = bend(last, start, vertical)
                path += f" C{_at(one)} {_at(other)} {_at(start)}"
            path += f" L{_at(end)}" if end != start else ""
            last = end
        self._parts.append(
            f'<path d="{path}" fill="none" stroke="#333" marker-end="url(#arrow)"/>')

    def text(self, text: str, center: Point, bold: bool) -> None:
        weight = ' font-weight="bold"' if bold else ""
        x, y = center
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" dy="0.35em"{weight}>'
                           f"{escape(text)}</text>")

    def about(self, layer: str) -> None:
        if self._open:
            self._parts.append("</a>")
        self._open = bool(layer) and self._address is not None
        if self._open and self._address is not None:
            self._parts.append(f"<a href={quoteattr(self._address(layer))} "
                               f"data-layer={quoteattr(layer)}>")

    def finish(self) -> bytes:
        return "\n".join([*self._parts, "</svg>\n"]).encode()


def bend(start: Point, end: Point, vertical: bool) -> tuple[Point, Point]:
    """The two inner points of a cubic curve that leaves and arrives along the ranks."""
    if vertical:
        middle = (start[1] + end[1]) / 2
        return (start[0], middle), (end[0], middle)
    middle = (start[0] + end[0]) / 2
    return (middle, start[1]), (middle, end[1])


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
