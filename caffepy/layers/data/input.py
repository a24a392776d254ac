"""Input: blobs that are filled from outside, by a script or a tool.

bottom  none
top     any number of blobs, of the shapes given
param   input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } }, one shape for all or one each
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register


@register("Input", param="input_param")
class Input(Layer):
    bottoms = "0"
    tops = "1+"
    keeps = ()
    data = True
    waits = True
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        shapes = [tuple(shape.dim) for shape in self.p.shape]
        if len(shapes) not in (0, 1, len(top)):
            self.fail("input_param needs a shape for all tops, or one for each",
                      found=f"{len(shapes)} shapes for {len(top)} tops")
        for i, blob in enumerate(top):
            if shapes:  # without one, the shape comes from whoever brings the values
                blob.reshape(shapes[i if len(shapes) > 1 else 0])

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass  # a script may have reshaped its input

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass
