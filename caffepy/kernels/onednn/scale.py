"""Scale and shift of channels, channels-last.

oneDNN's batch normalization with a mean of 0 and a variance of 1 is just that, in one pass
forward, and in one pass backward for all three gradients.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.batch_norm import USE_GIVEN_STATISTICS, USE_SCALE, USE_SHIFT
from caffepy.kernels.onednn.common import STORED, deliver, flat, room, runtime_of
from caffepy.kernels.operations.scale import ScaleKernel, ScaleSpec
from caffepy.kernels.table import implements


@implements("shape", "axis", "end", "bias", "inplace", "training")
class Scale(ScaleKernel):
    """y = (x - 0) / sqrt(1 + 0) * s + b."""

    engine = "onednn"
    left: Array | None  # x, before y takes its place

    def __init__(self, spec: ScaleSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.shape) != 4 or (spec.axis, spec.end) != (1, 2):
            raise Unsupported("oneDNN scales the channels of 4-D blobs")
        self.runtime = runtime = runtime_of(self, spec.shape, types=STORED)
        channels = spec.shape[1]
        layout, line = runtime.last(spec.shape, spec.dtype), runtime.plain((channels,))
        self.place = Place.HOST_LAST.holding(spec.dtype)
        flags = USE_GIVEN_STATISTICS | USE_SCALE | (USE_SHIFT if spec.bias else 0)
        chosen = runtime.choose("batch_normalization_forward", api.TRAINING, layout, layout,
                                0.0, flags)
        back = runtime.choose("batch_normalization_backward", api.BACKWARD, layout, layout,
                              layout, 0.0, flags, chosen)
        self._detail = f"{layout} {chosen.implementation}, backward {back.implementation}"
        self.ds, self.db = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
        statistics = [(api.MEAN, line, np.zeros(channels, np.float32)),
                      (api.VARIANCE, line, np.ones(channels, np.float32))]
        forward = [(api.SRC, layout), (api.SCALE, line), (api.DST, layout)]
        sums = [(api.DIFF_SCALE, line, self.ds)]
        if spec.bias:
            forward.append((api.SHIFT, line))
            sums.append((api.DIFF_SHIFT, line, self.db))
        self._forward = chosen.call(*forward, fixed=statistics)
        self._backward = back.call((api.SRC, layout), (api.SCALE, line), (api.DIFF_DST, layout),
                                   (api.DIFF_SRC, layout), fixed=[*statistics, *sums])
        self.leaves = spec.inplace and spec.training
        numbers = flat(runtime, spec.shape, spec.dtype)
        self._copy = runtime.reorder(numbers, numbers) if self.leaves else None

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor) -> None:
        xs = x.read(self.place)
        if self._copy:
            if self.left is None:
                self.left = room(self.spec.shape, self.spec.dtype)
            self._copy(xs, self.left)
            xs = self.left
        arrays = [xs, s.read(Place.HOST), y.overwrite(self.place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        self._forward(*arrays)

    def backward(
        self, x: Tensor, s: Tensor, dy: Tensor,
        dx: Tensor | None, ds: Tensor | None, db: Tensor | None,
    ) -> None:
        xs = x.read(self.place) if self.left is None else self.left
        dys = dy.read(self.place)
        spare = dx.overwrite(self.place) if dx is not None else np.empty_like(dys)
        self._backward(xs, s.read(Place.HOST), dys, spare)
        for target, sums in ((ds, self.ds), (db, self.db)):
            if target is not None:
                deliver(self.runtime, sums, target)
