"""SpatialDropout: in training y = x * m / (1 - ratio), m 0 or 1 for a whole channel; else y = x.

bottom  x, N x C x ...
top     y, shape of x; may be the same blob (in place)
param   dropout_param { dropout_ratio: 0.5 }

Each channel of each item is dropped with probability ratio. As in Intel's fork the ratio is the
one of dropout_param; there is a spatial_dropout_param, which is not read.
Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs
from caffepy.core.memory import Place, Tensor
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.dropout import DropoutKernel, DropoutSpec
from caffepy.layers.neuron.dropout import Dropout


@register("SpatialDropout", dialect="intel", param="dropout_param")
class SpatialDropout(Dropout):
    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) < 2:
            self.fail("there are no channels to drop", kind=ShapeError, found=f"shape {shape}",
                      allowed="N x C, and what a channel holds")
        top[0].reshape_like(bottom[0])
        mover = self.context.mover
        channels = (*shape[:2], *(1 for _ in shape[2:]))
        self.ones, self.mask = (Blob(channels, self.dtype, mover) for _ in range(2))
        self.ones.values.overwrite(Place.HOST)[...] = 1
        self.kernel: DropoutKernel = self.plan(
            DropoutSpec(channels, self.ratio, self.dtype.name, self._kept()), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, y = bottom[0].values, top[0].values
        if self.training:
            self.kernel.forward(self.ones.values, self.mask.values, self.random())
            self._masked(x, y)
        else:
            self._pass_on(x, y)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        (self._masked if self.training else self._pass_on)(top[0].grads, bottom[0].grads)

    def _masked(self, source: Tensor, target: Tensor) -> None:
        place = self.follow(source)
        values, mask = source.read(place), self.mask.values.read(place)
        self.xp.multiply(values, mask, out=target.overwrite(place), dtype=np.dtype(self.dtype))
