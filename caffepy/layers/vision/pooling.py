"""Pooling: one number of each window: its largest, its mean, or one drawn by chance.

bottom  x, N x C x H x W (any number of spatial axes)
top     y, N x C x H' x W', H' = ceil((H + 2 pad - kernel) / stride) + 1, less a last window that
        would lie wholly outside; optionally, for MAX, the index h * W + w of each maximum
param   pooling_param { pool: MAX kernel_size: 2 stride: 1 pad: 0 global_pooling: false
        round_mode: CEIL }
        ceil_mode: false and torch_pooling: true, of forks, are round_mode: FLOOR; pad_t, pad_l,
        pad_b and pad_r pad each side by its own; AVE_EXC_PAD and AVE_TF are means of x's cells;
        kernel_size, stride and pad may be given once per axis, as video-caffe and Intel's have it
V1      POOLING (V0 "pool")

AVE divides by the window's area clipped at H + pad, so the padding counts and what lies beyond
it does not. STOCHASTIC (Zeiler and Fergus 2013) wants x >= 0: in TRAIN a cell is drawn with
probability x / sum of x, in TEST y = sum of x^2 / sum of x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from caffepy.core import coords
from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register
from caffepy.core.window import SIDES, Window
from caffepy.errors import ShapeError
from caffepy.kernels.operations.pooling import PoolingKernel, PoolingSpec
from caffepy.kernels.reference.stochastic import Stochastic
from caffepy.layers.vision._spatial import PoolingWindows
from caffepy.proto import caffe_pb2


@register("Pooling", v1="POOLING", v0="pool", param="pooling_param")
class Pooling(Layer):
    tops = "1-2"
    plans = (PoolingSpec,)
    keeps: tuple[str, ...] = ()  # the kernel remembers the winners itself
    windowed = True
    look = "pooling"
    obeys: ClassVar[tuple[str, ...]] = (
        "ceil_mode", "torch_pooling", *SIDES, "pool=AVE_EXC_PAD", "pool=AVE_TF",
        "kernel_size_all", "stride_all", "pad_all")

    @classmethod
    def method(cls, spec: Any) -> str:
        p = cls.own(spec)
        return str(p.PoolMethod.Name(p.pool))

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        return coords.down(Window(cls.own(spec)))

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim < 3:
            self.fail("pooling needs a bottom with spatial axes behind those of images and "
                      "channels", kind=ShapeError, found=f"shape {bottom[0].shape}")
        self.pool_windows = PoolingWindows(self, bottom[0].ndim - 2)
        self.kind, _, self.inside = self.method(self.spec).lower().partition("_")
        self.recordable = self.kind != "stochastic"
        if self.kind == "stochastic" or (self.kind, self.phase) == ("max", caffe_pb2.TEST):
            self.keeps = ("bottom",)
        if self.kind == "stochastic" and any(
                self.pool_windows.pad + self.pool_windows.pad_end):
            self.fail("stochastic pooling takes no padding", found=self.pool_windows.pad)
        if len(top) > 1 and self.kind != "max":
            self.fail("only MAX pooling has a second top",
                      found=f"pool: {self.method(self.spec)}")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        if len(shape) != 2 + self.pool_windows.axes:
            self.fail("the number of spatial axes cannot change", kind=ShapeError,
                      found=f"shape {shape}", allowed=f"{self.pool_windows.axes} spatial axes")
        windows = self.pool_windows.on(shape)
        for t in top:
            t.reshape((*shape[:2], *windows.out))
        if self.kind == "stochastic":
            self.stochastic = Stochastic(self.xp, windows)
        else:
            self.kernel: PoolingKernel = self.plan(
                self._spec(bottom, top, self.phase == caffe_pb2.TRAIN), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if self.kind == "stochastic":
            x = self.read(bottom[0].values)
            draws = None
            if self.phase == caffe_pb2.TRAIN:
                draws = self.xp.asarray(self.random().random(top[0].shape, self.dtype.type))
            self.overwrite(top[0].values)[...] = self.stochastic.forward(x, draws)
        else:
            mask = top[1].values if len(top) > 1 else None
            self.kernel.forward(bottom[0].values, top[0].values, mask)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if not propagate_down[0]:
            return
        if self.kind == "stochastic":
            x, dy = self.read(bottom[0].values), self.read(top[0].grads)
            self.overwrite(bottom[0].grads)[...] = self.stochastic.backward(x, dy)
            return
        kernel = self.kernel
        if not kernel.spec.training:
            # a TEST net hardly ever runs backward, so its forward kept nothing: run it again
            kernel = self.plan(self._spec(bottom, top, True))
            again = Blob(top[0].shape, self.dtype, self.context.mover)
            kernel.forward(bottom[0].values, again.values)
        kernel.backward(top[0].grads, bottom[0].grads)

    def _spec(self, bottom: Blobs, top: Blobs, training: bool) -> PoolingSpec:
        windows = self.pool_windows.on(bottom[0].shape)
        return PoolingSpec(
            self.kind, bottom[0].shape, top[0].shape, windows.kernel, windows.stride,
            windows.pad, training, self.dtype.name,
            None if self.pool_windows.pad_end == windows.pad else self.pool_windows.pad_end,
            bool(self.inside),
        )
