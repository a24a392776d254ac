"""FLOWriter: optical flow into .flo files, one an item.

bottom  flow, N x 2 x H x W: how far right and down each pixel goes
top     none
param   writer_param { folder: "out" prefix: "" suffix: "" file: "" }

Files are out/0000000.flo and so on, counted by batches, from 0; of several items a batch,
out/0000000(000).flo. With ``file`` all go to one file, of which the last item stays. The format is
Middlebury's: "PIEH", width and height (int32), then by pixels right and down (float32), all
little-endian. FlowNet's.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.flow._writer import Writer


@register("FLOWriter", dialect="flownet", param="writer_param")
class FLOWriter(Writer):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) != 4 or shape[1] != 2:
            self.fail("flow has two channels", kind=ShapeError, found=f"shape {shape}",
                      allowed="N x 2 x height x width")

    def extension(self) -> str:
        return "flo"

    def content(self, item: Array) -> bytes:
        _, height, width = item.shape
        pixels = np.ascontiguousarray(item.transpose(1, 2, 0), "<f4")
        return b"PIEH" + np.array([width, height], "<i4").tobytes() + pixels.tobytes()
