"""1 x 1 convolutions of a stride above 1, such as those with which ResNet halves its pictures.

They look at one pixel in so many and at nothing else. oneDNN's strided kernels run at a third of
the speed of its unstrided ones (25 to 40 against 90 GFLOP/s on one core); so the pixels that count
are copied together, and an unstrided convolution works on those. In bfloat16 and 8 bits the
strided ones are as fast.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from caffepy.core.memory import Array, Place, Shape, SyncedMemory, Tensor
from caffepy.core.seen import Seen
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn.convolution import Convolution
from caffepy.kernels.onednn.runtime import Call
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.table import implements


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "training")
class Subsampled(ConvolutionKernel):
    """Copies, then convolves."""

    engine = "onednn"
    fuses_relu = True

    @classmethod
    def serves(cls, spec: ConvolutionSpec) -> bool:
        """Whether the convolution skips pixels."""
        return (spec.dtype == "float32" and not spec.quantized and len(spec.x) == 4
                and spec.w[2:] == (1, 1) and set(spec.pad) == {0}
                and max(spec.stride) > 1 and 0 not in spec.x)

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        small = (*spec.x[:2], *spec.y[2:])
        self.inner = Convolution(replace(spec, x=small, stride=(1, 1)), owner)
        self._copies = self._planned(small)
        self.x = Tensor(SyncedMemory(math.prod(small), spec.dtype), small)
        self._seen = Seen()

    @property
    def detail(self) -> str:
        return f"subsampled, {self.inner.detail}"

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self.inner.forward(self._gathered(x), w, b, y)

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self.inner.forward_relu(self._gathered(x), w, b, y)

    @property
    def fuses_sum(self) -> bool:
        return self.inner.fuses_sum

    def forward_sum(
        self, x: Tensor, w: Tensor, b: Tensor | None, added: Tensor, y: Tensor, relu: bool
    ) -> None:
        self.inner.forward_sum(self._gathered(x), w, b, added, y, relu)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        self._seen.forget()  # the room of x serves for its gradient
        self.inner.backward_data(dy, w, self.x)
        pixels = dx.overwrite(Place.HOST_LAST)
        also, found = self.inner.runtime.also, self.x.read(Place.HOST_LAST)
        also(np.copyto, pixels, 0)
        if self._copies:
            self._copies[1](found, pixels)
        else:
            also(np.copyto, self._counting(pixels), found)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        self.inner.backward_weights(self._gathered(x), dy, dw, db)

    def _planned(self, small: Shape) -> tuple[Call, Call] | None:
        """Copies of the pixels that count, out of all and back, on all threads; None where strides
        go beyond the picture, for which oneDNN has no words."""
        _, channels, height, width = self.spec.x
        down, right = self.spec.stride
        if height % down or width % right:
            return None
        runtime, row = self.inner.runtime, width * channels
        among = runtime.strided(small, (height * row, 1, down * row, right * channels))
        together = runtime.last(small)
        return runtime.reorder(among, together), runtime.reorder(together, among)

    def _gathered(self, x: Tensor) -> Tensor:
        """The pixels that count, copied unless they still are those of x."""
        if self._seen.is_new(x):
            pixels = x.read(Place.HOST_LAST)
            target = self.x.overwrite(Place.HOST_LAST)
            if self._copies:
                self._copies[0](pixels, target)
            else:
                self.inner.runtime.also(np.copyto, target, self._counting(pixels))
        return self.x

    def _counting(self, pixels: Array) -> Array:
        """A view of the pixels that count."""
        down, right = self.spec.stride
        return pixels[:, :, ::down, ::right]
