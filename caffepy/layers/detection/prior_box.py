"""PriorBox: the boxes that predictions of a feature map start from.

bottom  a feature map and the image, N x C x H x W each; their heights and widths alone count
top     1 x 2 x (H W P 4): P boxes a cell, row by row, as xmin, ymin, xmax, ymax in shares of the
        image, and the variances of these four numbers
param   prior_box_param { min_size: 30 max_size: 60 aspect_ratio: 2 flip: true clip: false
        variance: 0.1 step: 8 offset: 0.5 }, img_size or img_h and img_w, step_h and step_w

Around (cell + offset) * step lie, for each min_size, a square of that size, a square of the root of
min_size * max_size if there is a max_size, and for each aspect ratio r, and for 1 / r if flip, one
of min_size * sqrt(r) by min_size / sqrt(r). A step is image / map unless given. SSD's.

Of other forks: denser_prior_boxes (TextBoxes++) puts behind every box the same at a height of
(cell + 1) * step; TextBoxes itself does so without a word, and clips. Synopsys': box_width and
box_height in place of all sizes; yx_order turns the coordinates to ymin, xmin, ymax, xmax; tf puts
the max_size's square last, and takes 0.05 off each side of that of min_size 60; faceboxes stands
squares of 32 and 64 four and two times as densely along each axis.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError

FACEBOXES = {32: (4, 8), 64: (2, 16)}  # how many along an axis, and how many pixels apart


class Box(NamedTuple):
    """A box of every cell: its size in pixels, how far it is from the cell's middle, and what is
    taken off its sides, as shares of the image."""

    width: float
    height: float
    x: float = 0
    y: float = 0
    off: float = 0


@register("PriorBox", dialect="ssd", param="prior_box_param")
class PriorBox(Layer):
    bottoms = "2"
    labels = (0, 1)
    keeps = ()
    recordable = True
    obeys = ("denser_prior_boxes", "box_width", "box_height", "yx_order", "tf", "faceboxes")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if len(p.box_width) != len(p.box_height):
            self.fail("there must be as many box_height as box_width",
                      found=f"{len(p.box_height)} and {len(p.box_width)}")
        if not p.min_size and not p.box_width:
            self.fail("prior_box_param needs a min_size")
        if p.max_size and len(p.max_size) != len(p.min_size):
            self.fail("there must be one max_size for each min_size, or none",
                      found=f"{len(p.max_size)} and {len(p.min_size)}")
        for least, most in zip(p.min_size, p.max_size, strict=False):
            if most <= least:
                self.fail("a max_size must be above its min_size", found=f"{most:g} and {least:g}")
        for name in ("min_size", "box_width", "box_height", "variance", "aspect_ratio"):
            if min(getattr(p, name), default=1) <= 0:
                self.fail(f"each {name} must be above 0", found=min(getattr(p, name)))
        if len(p.variance) not in (0, 1, 4):
            self.fail("there must be one variance for all four numbers, or four",
                      found=list(p.variance))
        self.image = self.pair("img_size", "img_h", "img_w")
        self.step = self.pair("step", "step_h", "step_w")
        self.boxes = self.of_a_cell()
        self.made: tuple[object, object] | None = None

    def pair(self, both: str, height: str, width: str) -> tuple[float, float] | None:
        """Height and width of what is given by one word or by two; None if it is not."""
        p = self.p
        given = [name for name in (both, height, width) if p.HasField(name)]
        if not given:
            return None
        if given not in ([both], [height, width]):
            self.fail(f"give either {both}, or {height} and {width}", found=" and ".join(given))
        if any(getattr(p, name) <= 0 for name in given):
            self.fail(f"{' and '.join(given)} must be above 0",
                      found=", ".join(f"{getattr(p, name):g}" for name in given))
        return getattr(p, given[0]), getattr(p, given[-1])

    def ratios(self) -> list[float]:
        """All aspect ratios but 1."""
        found = [1.0]
        for ratio in self.p.aspect_ratio:
            if all(abs(ratio - other) >= 1e-6 for other in found):
                found += [ratio, 1 / ratio] if self.p.flip else [ratio]
        return [ratio for ratio in found if abs(ratio - 1) >= 1e-6]

    def of_a_cell(self) -> list[Box]:
        """The boxes of one cell, in order."""
        p = self.p
        if p.box_width:
            return [Box(*sizes) for sizes in zip(p.box_width, p.box_height, strict=True)]
        boxes = []
        for i, size in enumerate(p.min_size):
            least = int(size)  # SSD cuts sizes to whole numbers
            squares = [Box(math.sqrt(least * int(most)), math.sqrt(least * int(most)))
                       for most in p.max_size[i : i + 1]]
            others = [Box(least * math.sqrt(r), least / math.sqrt(r)) for r in self.ratios()]
            if p.faceboxes:  # whose squares end on the middles of pixels
                count, apart = FACEBOXES.get(least, (1, 0))
                places = [apart * (j - count // 2) for j in range(count)]
                boxes += [Box(least - 1, least - 1, x, y) for y in places for x in places]
            else:
                boxes.append(Box(least, least, off=0.05 if p.tf and least == 60 else 0))
            boxes += others + squares if p.tf else squares + others
        return boxes

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        for blob, what in zip(bottom, ("feature map", "image"), strict=True):
            if blob.ndim != 4:
                self.fail(f"the {what} must have four axes, N x C x H x W", kind=ShapeError,
                          found=f"shape {blob.shape}")
        priors = len(self.boxes) * (2 if self.p.denser_prior_boxes else 1)
        top[0].reshape(1, 2, math.prod(bottom[0].shape[2:]) * priors * 4)
        shapes = bottom[0].shape[2:], bottom[1].shape[2:]
        if self.made is None or self.made[0] != shapes:
            self.made = shapes, self.xp.asarray(self.numbers(*shapes), self.dtype)

    def numbers(self, cells: tuple[int, ...], image: tuple[int, ...]) -> np.ndarray:
        """The top's, for a map and an image of these heights and widths."""
        p = self.p
        height, width = self.image or image
        step_y, step_x = self.step or (height / cells[0], width / cells[1])
        size = np.array(self.boxes, np.float64)  # one row each, as Box has it
        half_x, half_y, off = size[:, 0] / 2, size[:, 1] / 2, size[:, 4]
        rows = (np.arange(cells[0]) + p.offset) * step_y
        if p.denser_prior_boxes:  # behind each box the same again, lower
            lower = (np.arange(cells[0]) + 1.0) * step_y
            y = np.stack([rows, lower], 1)[:, None, None, :] + np.zeros((cells[1], len(size), 1))
        else:
            y = rows[:, None, None, None] + np.zeros((cells[1], len(size), 1))
        x = ((np.arange(cells[1]) + p.offset) * step_x)[:, None, None] + np.zeros_like(y)
        y += size[:, 3, None]
        x += size[:, 2, None]
        half_x, half_y, off = (each[:, None] for each in (half_x, half_y, off))
        sides = [(x - half_x) / width + off, (y - half_y) / height + off,
                 (x + half_x) / width - off, (y + half_y) / height - off]
        if p.yx_order:
            sides = [sides[i] for i in (1, 0, 3, 2)]
        boxes = np.stack(sides, -1).reshape(-1, 4)
        if p.clip:
            boxes = boxes.clip(0, 1)
        variances = np.broadcast_to(list(p.variance) or [0.1], boxes.shape)
        return np.stack([boxes, variances]).reshape(1, 2, -1)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        assert self.made is not None
        self.overwrite(top[0].values)[...] = self.made[1]
