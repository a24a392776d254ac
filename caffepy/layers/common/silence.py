"""Silence: swallows blobs, so that they do not count as outputs of the net; dx = 0.

bottom  any number of blobs, any shapes
top     none
V1      SILENCE
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register


@register("Silence", v1="SILENCE")
class Silence(Layer):
    only_in_training = True
    bottoms = "1+"
    tops = "0"
    keeps = ()
    recordable = True
    works_in_half = True

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        pass

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        for blob, wanted in zip(bottom, propagate_down, strict=True):
            if wanted:
                blob.grads.zero()
