"""The drawing of a net, whose layers can be clicked."""

from __future__ import annotations

from collections.abc import Callable

from caffepy.board.net.looking import Looked
from caffepy.drawing import graph, picture
from caffepy.drawing.svg import SvgCanvas

DIRECTIONS = ("TB", "LR")


def drawn(looked: Looked, address: Callable[[str], str], direction: str = "TB") -> str:
    """An SVG.

    Args:
        address: where a click on a layer of this name leads.
        direction: TB, from the top down, or LR, from left to right.
    """
    made = graph.build(looked.param, shapes=looked.shapes)
    return picture.draw(made, SvgCanvas(address), direction).decode()
