"""Softmax along one axis: over the channels in channels-last order, else in C order.

oneDNN's backward is slow without AVX-512, so that is NumPy's; nets that train end in a loss,
which does not need it.
"""

from __future__ import annotations

import math

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.operations.softmax import SoftmaxKernel, SoftmaxSpec
from caffepy.kernels.table import implements


@implements("shape", "axis")
class Softmax(SoftmaxKernel):
    """y = exp(x - max) / sum exp(x - max)."""

    engine = "onednn"

    def __init__(self, spec: SoftmaxSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        runtime = runtime_of(self, spec.shape)
        shape, axis = spec.shape, spec.axis
        if len(shape) == 4 and axis == 1:
            self.place, at, layout = Place.HOST_LAST, 1, runtime.last(shape)
        else:
            outer, inner = math.prod(shape[:axis]), math.prod(shape[axis + 1:])
            self.place, at = Place.HOST, 1
            layout = runtime.plain((outer, shape[axis]) + ((inner,) if inner > 1 else ()))
        chosen = runtime.choose("softmax_forward", api.TRAINING, api.SOFTMAX, layout, layout, at)
        self._detail = f"{layout} {chosen.implementation}"
        self._forward = chosen.call((api.SRC, layout), (api.DST, layout))

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, y: Tensor) -> None:
        xs = x.read(self.place)
        self._forward(xs, y.overwrite(self.place))

    def backward(self, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        ys, dys = y.read(self.place), dy.read(self.place)
        slope = np.add.reduce(ys * dys, axis=self.spec.axis, keepdims=True)
        dxs = dx.overwrite(self.place)
        np.subtract(dys, slope, out=dxs)
        dxs *= ys
