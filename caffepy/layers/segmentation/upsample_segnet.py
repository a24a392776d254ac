"""Upsample (SegNet): pixels go back to where a MAX Pooling found them, with zeros between.

bottom  x, N x C x H x W; mask, the pooling's second top: h * W' + w of each maximum
top     y, N x C x H' x W'
param   upsample_param { scale: 2 pad_out_h: false pad_out_w: false upsample_h: 45 upsample_w: 60 }

The size is upsample_h x upsample_w if both are given, else scale times x's, or scale_h and scale_w,
less 1 where pad_out says so. dx is dy at the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.layer import Blobs
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.layers.segmentation._masked import Masked

OWN = ("scale_h", "scale_w", "pad_out_h", "pad_out_w", "upsample_h", "upsample_w")


@register("Upsample", param="upsample_param", dialect="segnet")
class SegNetUpsample(Masked):
    known_by = f"two bottoms, or one of {', '.join(OWN)}"
    bottoms = "2"

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return len(spec.bottom) > 1 or any(map(spec.upsample_param.HasField, OWN))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        for first, second in (("scale_h", "scale_w"), ("upsample_h", "upsample_w")):
            if p.HasField(first) != p.HasField(second):
                self.fail(f"{first} and {second} belong together")
        if p.HasField("scale") and p.HasField("scale_h"):
            self.fail("either scale or scale_h and scale_w, not both")
        self.scales = (p.scale_h, p.scale_w)
        if not p.HasField("scale_h"):
            self.scales = (p.scale if p.HasField("scale") else 2,) * 2
        if not p.HasField("upsample_h") and min(self.scales) < 2:
            self.fail("scale must be at least 2", found=self.scales)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.check(bottom)
        p = self.p
        self.size: Shape = (p.upsample_h, p.upsample_w)
        if not p.HasField("upsample_h"):
            self.size = tuple(n * scale - pad for n, scale, pad in zip(
                bottom[0].shape[2:], self.scales, (p.pad_out_h, p.pad_out_w), strict=True))
        top[0].reshape(*bottom[0].shape[:2], *self.size)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.put(self.read(bottom[0].values), top[0], self.at(bottom[1], self.size))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            self.take(top[0], bottom[0], self.at(bottom[1], self.size))
