"""SPP, spatial pyramid pooling: pooled to 1 x 1, 2 x 2, 4 x 4... cells, all in one vector.

bottom  x, N x C x H x W, of any height and width
top     y, N x (C * (1 + 4 + 16 + ...)), one term for each level of the pyramid; of one level
        N x C x 1 x 1, as the original's
param   spp_param { pyramid_height: 3 pool: MAX engine: DEFAULT }

Level i has 2^i x 2^i cells of ceil(H / 2^i) x ceil(W / 2^i) pixels; where that is more than the
picture has, it is padded on both sides.
He, Zhang, Ren, Sun, "Spatial Pyramid Pooling in Deep Convolutional Networks", 2014.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.pooling import PoolingSpec
from caffepy.layers.vision.pooling import Pooling
from caffepy.proto import caffe_pb2


@register("SPP", param="spp_param")
class SPP(Layer):
    plans = (PoolingSpec,)
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.pyramid_height < 1:
            self.fail("pyramid_height is the number of levels", found=self.p.pyramid_height,
                      allowed="1 or more")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x = bottom[0]
        if x.ndim != 4:
            self.fail("the bottom must have 4 axes (items, channels, height, width)",
                      kind=ShapeError, found=f"shape {x.shape}")
        most = max(1, max(x.shape[2:]).bit_length())
        if self.p.pyramid_height > most:
            self.fail("the cells of the last level are smaller than a pixel",
                      kind=ShapeError, found=f"pyramid_height {self.p.pyramid_height} for a "
                      f"bottom of shape {x.shape}", allowed=f"at most {most}")
        self.levels = [self._pooling(level, x.shape) for level in range(self.p.pyramid_height)]
        self.pooled = [Blob((0,), self.dtype, self.context.mover) for _ in self.levels]
        for pooling, blob in zip(self.levels, self.pooled, strict=True):
            pooling.setup([x], [blob])
            pooling.reshape([x], [blob])
        if len(self.levels) == 1:
            top[0].reshape_like(self.pooled[0])
        else:
            top[0].reshape(x.shape[0], sum(blob.count_from(1) for blob in self.pooled))

    def _pooling(self, level: int, shape: Shape) -> Pooling:
        cells = 2**level
        kernel = [-(-size // cells) for size in shape[2:]]
        pad = [(k * cells - size + 1) // 2 for k, size in zip(kernel, shape[2:], strict=True)]
        spec = caffe_pb2.LayerParameter(name=f"{self.name}/level {level}", type="Pooling")
        p = spec.pooling_param
        p.pool, p.engine = self.p.pool, self.p.engine
        p.kernel_h, p.kernel_w = p.stride_h, p.stride_w = kernel
        p.pad_h, p.pad_w = pad
        return Pooling(spec, phase=self.phase, context=self.context, dtype=self.dtype,
                       where=self.where, net=self.stream)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        y = self.overwrite(top[0].values)
        y = y.reshape(len(y), -1)
        start = 0
        for pooling, blob in zip(self.levels, self.pooled, strict=True):
            pooling.forward(bottom, [blob])
            end = start + blob.count_from(1)
            y[:, start:end] = self.read(blob.values).reshape(len(y), -1)
            start = end

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy = self.read(top[0].grads)
        dy = dy.reshape(len(dy), -1)
        part = Blob(bottom[0].shape, self.dtype, self.context.mover)
        part.share_values(bottom[0])
        bottom[0].grads.zero()
        start = 0
        for pooling, blob in zip(self.levels, self.pooled, strict=True):
            end = start + blob.count_from(1)
            self.overwrite(blob.grads)[...] = dy[:, start:end].reshape(blob.shape)
            pooling.backward([blob], [True], [part])
            self.accumulate(bottom[0].grads, self.read(part.grads))
            start = end
