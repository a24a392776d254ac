"""LRN, local response normalization (Krizhevsky et al. 2012): y = x * scale^-beta.

bottom  x, N x C x H x W
top     y, shape of x
param   lrn_param { local_size: 5 alpha: 1 beta: 0.75 k: 1 norm_region: ACROSS_CHANNELS }
V1      LRN (V0 "lrn")

ACROSS_CHANNELS: scale = k + alpha / local_size   * sum of x^2 over local_size channels around.
WITHIN_CHANNEL:  scale = 1 + alpha / local_size^2 * sum of x^2 over local_size x local_size cells.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.lrn import LRNKernel, LRNSpec
from caffepy.proto import caffe_pb2


@register("LRN", v1="LRN", v0="lrn", param="lrn_param")
class LRN(Layer):
    plans = (LRNSpec,)
    keeps = ("bottom", "top")
    recordable = True
    same_place = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.local_size % 2 == 0:
            self.fail("local_size must be odd", found=self.p.local_size)
        if self.p.k < 0:
            self.fail("k must not be negative: the scale would have no power", found=self.p.k)
        across = self.p.norm_region == self.p.ACROSS_CHANNELS
        self.region = "across" if across else "within"

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim != 4:
            self.fail("LRN needs a bottom of 4 axes (images, channels, height, width)",
                      kind=ShapeError, found=f"shape {bottom[0].shape}")
        top[0].reshape_like(bottom[0])
        self.kernel: LRNKernel = self.plan(
            self._spec(bottom, self.phase == caffe_pb2.TRAIN), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.kernel.forward(bottom[0].values, top[0].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        kernel = self.kernel
        if not kernel.spec.training:
            # a TEST net hardly ever runs backward, so its forward kept nothing: run it again
            kernel = self.plan(self._spec(bottom, True))
            again = Blob(top[0].shape, self.dtype, self.context.mover)
            kernel.forward(bottom[0].values, again.values)
        kernel.backward(bottom[0].values, top[0].values, top[0].grads, bottom[0].grads)

    def _spec(self, bottom: Blobs, training: bool) -> LRNSpec:
        p = self.p
        return LRNSpec(self.region, bottom[0].shape, p.local_size, p.alpha, p.beta, p.k, training,
                       self.dtype.name)
