"""Im2col: the windows of a convolution laid out as channels.

bottom  x, N x C x H x W (any number of spatial axes)
top     y, N x (C * kernel_h * kernel_w) x H' x W', each window's cells below each other
param   convolution_param { kernel_size: 3 stride: 1 pad: 0 dilation: 1 axis: 1 }
V1      IM2COL
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from caffepy.core import coords
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.core.window import Window
from caffepy.layers.vision._spatial import Spatial


@register("Im2col", v1="IM2COL", param="convolution_param")
class Im2col(Layer):
    keeps = ()
    recordable = True
    windowed = True

    obeys = ("hole", "hole_h", "hole_w", "dilation_h", "dilation_w")

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.down(Window(spec.convolution_param))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.spatial = Spatial(self, bottom[0])

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        before, channels, sizes = self.spatial.split(bottom[0].shape)
        self.windows = self.spatial.windows(bottom[0].shape)
        self.x_shape = (math.prod(before), channels, *sizes)
        cells = math.prod(self.windows.kernel)
        top[0].reshape((*before, channels * cells, *self.windows.out))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x = self.read(bottom[0].values).reshape(self.x_shape)
        columns = self.windows.im2col(self.xp, x)
        self.overwrite(top[0].values)[...] = columns.reshape(top[0].shape)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if propagate_down[0]:
            columns = self.read(top[0].grads)
            dx = self.windows.col2im(self.xp, columns, self.x_shape)
            self.overwrite(bottom[0].grads)[...] = dx.reshape(bottom[0].shape)
