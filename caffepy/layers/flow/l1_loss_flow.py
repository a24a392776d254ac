"""L1Loss of FlowNet: |d|, number by number or as the length of a vector, summed, over a count.

bottom  a and b of one shape, N x C x H x W, d = a - b; or d alone
top     the loss: sum of |d| / n, or sum over pixels of sqrt(sum over channels of d^2 + epsilon) / n
param   l1_loss_param { l2_per_location: false l2_prescale_by_channels: false
        normalize_by_num_entries: false epsilon: 0.01 plateau: 0 }

With l2_per_location the second form, where l2_prescale_by_channels takes the channels' mean for
their sum. n is N, or, with normalize_by_num_entries, the count of numbers of d that are numbers,
divided by C. What is no number, as where flow is not known, counts as 0 and has no gradient; so
does a |d|, or a length, below plateau. FlowNet's, which has a GPU code alone; there, and so here,
the slope of |d| at 0 is -1. Without l1_loss_param and with two bottoms L1Loss is NVIDIA's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.loss._loss import Loss, batch_size


@register("L1Loss", dialect="flownet", param="l1_loss_param")
class FlowL1Loss(Loss):
    known_by = "an l1_loss_param, or one bottom alone"
    bottoms = "1-2"
    labels = ()
    compares = "numbers"
    keeps = ()
    recordable = True

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        return spec.HasField("l1_loss_param") or len(spec.bottom) == 1

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if len({blob.shape for blob in bottom}) > 1:
            self.fail("both bottoms must have one shape", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")
        if self.p.l2_per_location and bottom[0].ndim < 2:
            self.fail("l2_per_location needs channels", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        top[0].reshape(())

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, p = self.xp, self.p
        d = self.read(bottom[0].values)
        if len(bottom) > 1:
            d = d - self.read(bottom[1].values)
        known = d == d
        d = xp.where(known, d, 0).astype(self.dtype)
        self.divisor: Any = batch_size(bottom[0])
        if p.normalize_by_num_entries:
            channels = d.shape[1] if d.ndim > 1 else 1
            self.divisor = known.sum() / channels
        if p.l2_per_location:
            total, self.slope = self._lengths(d)
        else:
            if p.plateau > 0:
                known &= xp.abs(d) >= p.plateau
            total = xp.where(known, xp.abs(d), 0).sum(dtype=np.float64)
            self.slope = xp.where(known, xp.where(d > 0, 1, -1), 0)
        # without a known number the original divides by 0
        self.divisor = xp.maximum(self.divisor, 1e-30)
        self.set_loss(top, total / self.divisor)

    def _lengths(self, d: Array) -> tuple[Any, Array]:
        """The sum of the vectors' lengths, and its derivative."""
        xp, p = self.xp, self.p
        scale = 1 / d.shape[1] if p.l2_prescale_by_channels else 1
        square = scale * xp.square(d).sum(axis=1, keepdims=True)
        far = square >= p.plateau**2 if p.plateau > 0 else xp.ones_like(square, bool)
        length = xp.sqrt(xp.where(far, square, 0) + p.epsilon)
        slope = xp.where(far & (length > 0), scale * d / xp.where(length > 0, length, 1), 0)
        return length.sum(dtype=np.float64), slope

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        da = self.slope * (self.weight(top) / self.divisor)
        for blob, sign, wanted in zip(bottom, (1, -1), propagate_down, strict=False):
            if wanted:
                self.overwrite(blob.grads)[...] = sign * da
