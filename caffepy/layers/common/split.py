"""Split: one blob for several readers; y_i = x, dx = sum of dy_i.

bottom  x, any shape
top     any number of y, shape of x; they share its memory
V1      SPLIT (V0 "split")

Nets insert it by themselves wherever a blob has more than one reader.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.layers.common._sum import add_up


@register("Split", v1="SPLIT", v0="split")
class Split(Layer):
    tops = "1+"
    plans = (EltwiseSpec,)
    keeps = ()
    recordable = True
    same_place = True
    splits = True
    works_in_half = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        for blob in top:
            blob.reshape_like(bottom[0])
            blob.share_values(bottom[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        pass  # the tops share the bottom's values

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        parts = [blob.grads for blob in top if not blob.grads.is_zero]
        if not parts:
            bottom[0].grads.zero()
            return
        if len(parts) > 1:
            add_up(self, parts, bottom[0].grads)
        else:
            place = self.keep(parts[0])
            bottom[0].grads.overwrite(place)[...] = parts[0].read(place)
