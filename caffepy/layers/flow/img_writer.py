"""ImgWriter: pictures into .ppm and .pgm files, one an item.

bottom  x, N x C x H x W, C 3 (in the order B, G, R) or 1
top     none
param   writer_param { folder: "out" prefix: "" suffix: "" file: "" scale: 1 normalize: false }

Files are named as FLOWriter's. A byte is x times scale, cut to 0 to 255 and to a whole number; with
normalize instead the least number becomes 0 and the largest 255. (The original lets gray numbers
beyond these bounds run over.) FlowNet's.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.flow._writer import Writer


@register("ImgWriter", dialect="flownet", param="writer_param")
class ImgWriter(Writer):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) != 4 or shape[1] not in (1, 3):
            self.fail("a picture has one or three channels", kind=ShapeError,
                      found=f"shape {shape}", allowed="N x 1 or 3 x height x width")
        self.colored = shape[1] == 3

    def extension(self) -> str:
        return "ppm" if self.colored else "pgm"

    def content(self, item: Array) -> bytes:
        _, height, width = item.shape
        numbers = item[::-1].transpose(1, 2, 0) * np.float32(self.p.scale)
        if self.p.normalize:
            numbers = item[::-1].transpose(1, 2, 0) - item.min()
            numbers = numbers * (255 / (numbers.max() or 1))
        kind = "P6" if self.colored else "P5"
        pixels = np.nan_to_num(numbers).clip(0, 255).astype(np.uint8)
        return f"{kind}\n{width} {height}\n255\n".encode() + pixels.tobytes()
