"""A graph put on a canvas: SVG or pixels, along the page or across it."""

from __future__ import annotations

from typing import Protocol

from caffepy.drawing import labels
from caffepy.drawing.graph import Graph, Node
from caffepy.drawing.layout import Point, layout

LINE = 16.0  # from one line of text to the next
PAD = 7.0  # between text and border
MARGIN = 12.0
CORNER = 7.0  # what is cut off an octagon
RANKDIRS = ("LR", "RL", "TB", "BT")


class Canvas(Protocol):
    """What a picture is drawn on; coordinates in pixels, from the upper left."""

    def text_width(self, text: str, bold: bool) -> float:
        """How long a text is."""

    def begin(self, width: float, height: float) -> None:
        """Take a size; the ground is white."""

    def polygon(self, points: list[Point], fill: str) -> None:
        """A filled area with a thin dark border."""

    def curve(self, pairs: list[tuple[Point, Point]], vertical: bool) -> None:
        """An arrow: straight from the first to the second of a pair, then bent to the next."""

    def text(self, text: str, center: Point, bold: bool) -> None:
        """A line of text around its middle."""

    def about(self, layer: str) -> None:
        """What follows belongs to the layer of this name, or to none if it is empty."""

    def finish(self) -> bytes:
        """The picture's file."""


def draw(graph: Graph, canvas: Canvas, rankdir: str) -> bytes:
    """Lay a graph out and draw it; the arrows lead on to ``rankdir``'s second letter."""
    vertical = rankdir in ("TB", "BT")
    boxes = [_box(node, canvas, vertical) for node in graph.nodes]
    placed = layout([box if vertical else box[::-1] for box in boxes], graph.edges)
    across, along = placed.size
    flip = rankdir in ("BT", "RL")

    def on_page(point: Point) -> Point:
        a, b = point[0] + MARGIN, (along - point[1] if flip else point[1]) + MARGIN
        return (a, b) if vertical else (b, a)

    size = (across, along) if vertical else (along, across)
    canvas.begin(size[0] + 2 * MARGIN, size[1] + 2 * MARGIN)
    for route in placed.routes:
        points = [on_page(point) for point in route]
        canvas.curve(list(zip(points[::2], points[1::2], strict=True)), vertical)
    for node, center, box in zip(graph.nodes, placed.centers, boxes, strict=True):
        _node(canvas, node, on_page(center), box, vertical)
    return canvas.finish()


def _box(node: Node, canvas: Canvas, wide: bool) -> Point:
    """Width and height of a node."""
    lines = node.text(wide)
    texts = [(line, not node.blob and i == 0) for i, line in enumerate(lines)]
    texts += [(line, False) for line in node.within]
    width = max(canvas.text_width(text, bold) for text, bold in texts)
    pad = PAD if not node.blob else PAD / 2
    height = LINE * len(lines) + 2 * pad + (LINE + pad) * len(node.within)
    return width + 2 * PAD + (2 * CORNER if node.blob else 0), height


def _node(canvas: Canvas, node: Node, center: Point, box: Point, wide: bool) -> None:
    (x, y), (width, height) = center, box
    left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    pad = PAD
    own, *others = node.layers or [""]
    canvas.about(own)
    if node.blob:
        pad = PAD / 2
        c = CORNER
        canvas.polygon([(left + c, top), (right - c, top), (right, top + c), (right, bottom - c),
                        (right - c, bottom), (left + c, bottom), (left, bottom - c),
                        (left, top + c)], node.color)
    else:
        canvas.polygon(_rectangle(left, top, right, bottom), node.color)
    at = top + pad + LINE / 2
    for i, line in enumerate(node.text(wide)):
        canvas.text(line, (x, at), bold=not node.blob and i == 0)
        at += LINE
    at = bottom - (LINE + pad) * len(node.within)
    for line, layer in zip(node.within, others, strict=True):
        canvas.about(layer)
        canvas.polygon(_rectangle(left, at, right, at + LINE + pad), labels.IN_PLACE_COLOR)
        canvas.text(line, (x, at + (LINE + pad) / 2), bold=False)
        at += LINE + pad
    canvas.about("")


def _rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
