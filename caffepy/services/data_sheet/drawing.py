"""The items of a data layer as a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core import traits
from caffepy.core.node import Node
from caffepy.proto import caffe_pb2
from caffepy.services.data_sheet import boxes, panels
from caffepy.services.data_sheet.naming import Names, called, names_of
from caffepy.services.data_sheet.reading import Item
from caffepy.services.picture_rule import PictureRule
from caffepy.services.sheets.levels import Levels
from caffepy.services.sheets.page import GAP, Line, Tile, fitted, page
from caffepy.services.sheets.palette import color_of, painted
from caffepy.services.sheets.untransformed import Untransformed
from caffepy.services.sheets.words import INK, PAPER

Array = NDArray[Any]

SIDE = 192    # pixels that a picture gets
LEAST = 64    # that a frame gets at least, if there are many
WIDE = 1600   # pixels of a sheet, about
CLASSES = 256  # labels of pixels are below it
SHOWN = 6     # classes named below a picture


class Sheet:
    """Draws the items of one data layer.

    Args:
        node: the layer in its net.
        names: of the classes; None: those that are found beside the data.
    """

    def __init__(self, node: Node, items: Sequence[Item], names: Names | None = None) -> None:
        self._node, self._items = node, items
        spec: Any = node.layer.spec
        self._kind = traits.of(spec)
        rule = PictureRule.of_training(spec, ())
        self._names = names_of(spec, rule) if names is None else names
        self._frame = self._kind.frame_channels(spec)
        self._back = Untransformed(rule, items[0].tops[0].shape)
        self._stretch = _stretch(spec)
        self._levels = [self._range(top) for top in range(len(items[0].tops))]
        self._maps = [top > 0 and self._classes(top) for top in range(len(items[0].tops))]

    def draw(self) -> Array:
        """H x W x 3 bytes in OpenCV's order."""
        tiles = [self._tile(item) for item in self._items]
        cell = (max(tile.picture.shape[0] for tile in tiles),
                max(tile.picture.shape[1] for tile in tiles))
        return page(tiles, self.titles(), cell, max(1, WIDE // (cell[1] + GAP)))

    def titles(self) -> list[str]:
        """What is shown, and how."""
        layer, first = self._node.layer, self._items[0]
        phase = caffe_pb2.Phase.Name(layer.phase)
        titles = [f"{layer.type} '{layer.spec.name}', {phase}: {len(self._items)} items"]
        for number, (name, part) in enumerate(zip(self._node.top_names, first.tops, strict=True)):
            size = " x ".join(map(str, part.shape))
            if len({item.tops[number].shape for item in self._items}) > 1:
                size += " and others"
            told = self._told(number, part)
            titles.append(f"{name}: {told}" if part.size == 1 or self._boxed(number, part)
                          else f"{name}, {size}: {told}")
        return titles

    def _told(self, top: int, part: Array) -> str:
        """How a top is shown."""
        if self._boxed(top, part):
            return "boxes, dashed if difficult"
        if part.size == 1:
            return "a number"
        if self._maps[top]:
            return "labels of pixels, in colours"
        levels = self._levels[top]
        done = self._back.done if top == 0 else []
        words = [f"{' and '.join(done)} taken back"] if done else []
        if levels.stretched:
            words.append(f"stretched, black is {levels.black:.4g} and white {levels.white:.4g}")
        more = panels.count(part.shape, self._frame) if panels.is_picture(part.shape) else 0
        if more > panels.MOST:
            words.append(f"the first {panels.MOST} of {more} pictures")
        return ", ".join(words) or "as it is"

    def _tile(self, item: Item) -> Tile:
        parts: list[Array] = []
        lines: list[Line] = []
        for top, part in enumerate(item.tops):
            if self._boxed(top, part):
                found = self._boxes(part, item.tops[0].shape)
                parts = [boxes.draw(fitted(panel, SIDE), found, self._names) for panel in parts]
                lines.append(Line(f"{len(found)} box{'' if len(found) == 1 else 'es'}"))
            elif part.size <= panels.FEW and not panels.is_picture(part.shape):
                words = " ".join(called(value, self._names if top and part.size == 1 else {})
                                 for value in part.ravel().tolist())
                lines.append(Line(words))
            elif self._maps[top]:
                parts.append(painted(part.reshape(part.shape[-2:])))
                lines += self._legend(part)
            elif panels.is_picture(part.shape):
                values = self._back(part) if top == 0 else part
                parts += panels.pictures(values, self._levels[top], self._frame)
            else:
                parts.append(panels.strip(part, self._levels[top]))
        lines.append(Line(item.name or f"#{item.number}", end=True))
        return Tile(_beside(parts), lines)

    def _legend(self, part: Array) -> list[Line]:
        """The classes on a picture of labels, the most frequent first, in their colours."""
        labels, counts = np.unique(part, return_counts=True)
        order = labels[np.argsort(-counts, kind="stable")]
        lines = [Line(called(label, self._names), _readable(label)) for label in order[:SHOWN]]
        rest = [Line(f"and {len(order) - SHOWN} more")] if len(order) > SHOWN else []
        return lines + rest

    def _boxed(self, top: int, part: Array) -> bool:
        return self._kind.boxed and top == 1 and part.ndim > 1

    def _boxes(self, part: Array, shape: tuple[int, ...]) -> list[boxes.Box]:
        found = boxes.of_rows(part)
        if self._stretch is None:
            return found
        wide, tall = self._stretch[0] / shape[-1], self._stretch[1] / shape[-2]
        return [box._replace(left=box.left * wide, right=box.right * wide, top=box.top * tall,
                             bottom=box.bottom * tall) for box in found]

    def _range(self, top: int) -> Levels:
        """Of a top, over all items."""
        values = [self._back(item.tops[top]) if top == 0 else item.tops[top]
                  for item in self._items if item.tops[top].size]
        finite = [part[np.isfinite(part)] for part in values]
        ends = [(part.min(), part.max()) for part in finite if part.size]
        if not ends:
            return Levels()
        return Levels.of(float(min(low for low, _ in ends)), float(max(high for _, high in ends)))

    def _classes(self, top: int) -> bool:
        """Whether a top has labels of pixels: one channel of whole numbers below 256."""
        parts = [item.tops[top] for item in self._items]
        return all(panels.is_picture(part.shape[-2:]) and part.size == np.prod(part.shape[-2:])
                   and (part == np.floor(part)).all() and part.min() >= 0 and part.max() < CLASSES
                   for part in parts)


def _stretch(spec: Any) -> tuple[int, int] | None:
    """width_scale and height_scale, by which boxes are to be multiplied to be pixels."""
    for one in spec.transform_param.resize_param:
        if one.resize_mode == one.FIT_SMALL_SIZE and one.height_scale and one.width_scale:
            return one.width_scale, one.height_scale
    return None


def _beside(parts: Sequence[Array]) -> Array:
    """The panels of an item, one beside the other."""
    if not parts:
        return np.full((LEAST // 4, SIDE, 3), PAPER, np.uint8)
    side = SIDE if len(parts) <= 2 else max(LEAST, 2 * SIDE // len(parts))
    made = [fitted(part, side) for part in parts]
    whole = np.full((max(part.shape[0] for part in made),
                     sum(part.shape[1] for part in made) + 2 * (len(made) - 1), 3), PAPER, np.uint8)
    left = 0
    for part in made:
        whole[: part.shape[0], left : left + part.shape[1]] = part
        left += part.shape[1] + 2
    return whole


def _readable(label: float) -> tuple[int, int, int]:
    """A class's colour, if that can be read on paper."""
    color = color_of(label)
    return INK if sum(color) > 3 * 170 else color
