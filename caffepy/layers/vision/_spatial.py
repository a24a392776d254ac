"""The windows that convolutions and poolings slide over their bottoms, and how many of them fit."""

from __future__ import annotations

import weakref
from typing import Any, NoReturn

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import Shape, Tensor
from caffepy.core.window import Window
from caffepy.errors import ShapeError
from caffepy.kernels.reference.windows import Pairs, Windows
from caffepy.layers.common._axis import axis_of


class Spatial:
    """The axes that a ConvolutionParameter's windows slide over.

    Attributes:
        axis: the channels' axis; all after it are spatial.
        kernel, stride, pad, dilation: one number per spatial axis.
    """

    def __init__(self, layer: Layer, bottom: Blob) -> None:
        self.layer: Layer = weakref.proxy(layer)  # a circle would keep a deleted net's memory
        window = Window(layer.p)
        self.axis = axis_of(layer, bottom, window.axis)
        self.axes = bottom.ndim - self.axis - 1
        self.kernel, self.stride, self.pad, self.dilation = (
            window.each(name, self.axes) for name in ("kernel", "stride", "pad", "dilation"))
        self.pad_end = window.pad_end  # None: as pad
        for name, values in (("kernel_size", self.kernel), ("stride", self.stride),
                             ("dilation", self.dilation)):
            if any(v < 1 for v in values):
                layer.fail(f"{name} must be at least 1 on every axis", found=values,
                           fix=f"Give both {name.removesuffix('_size')}_h and "
                               f"{name.removesuffix('_size')}_w, or {name} alone.")

    def split(self, shape: Shape) -> tuple[Shape, int, Shape]:
        """A shape's axes before the channels, its channels, and its spatial axes."""
        return shape[: self.axis], shape[self.axis], shape[self.axis + 1 :]

    def down(self, shape: Shape) -> Shape:
        """How many windows fit along each spatial axis of an input of ``shape``."""
        before, _, sizes = self.split(shape)
        out = tuple(
            (size + p + e - (d * (k - 1) + 1)) // s + 1
            for size, k, s, p, e, d in zip(sizes, self.kernel, self.stride, self.pad,
                                           self.pad_end or self.pad, self.dilation, strict=True)
        )
        if any(n < 1 for n in out):
            self.layer.fail("the kernel is larger than the padded input", kind=ShapeError,
                            found=f"kernel {self.kernel}, dilation {self.dilation}, "
                                  f"pad {self.pad}, input {shape}")
        return out

    def up(self, shape: Shape) -> Shape:
        """The spatial axes of the smallest input that has windows as many as ``shape`` says."""
        _, _, sizes = self.split(shape)
        out = tuple(
            s * (size - 1) + d * (k - 1) + 1 - 2 * p
            for size, k, s, p, d in zip(sizes, self.kernel, self.stride, self.pad,
                                        self.dilation, strict=True)
        )
        if any(n < 1 for n in out):
            self.layer.fail("the padding takes the whole output away", kind=ShapeError,
                            found=f"kernel {self.kernel}, pad {self.pad}, input {shape}")
        return out

    def windows(self, shape: Shape) -> Windows:
        """The windows on an input of ``shape``."""
        return Windows(self.kernel, self.stride, self.pad, self.dilation, self.down(shape))


class PoolingWindows:
    """The windows of a PoolingParameter, one number per spatial axis each.

    Raises:
        ConfigError: the words contradict each other or lack one.
    """

    def __init__(self, layer: Layer, axes: int = 2) -> None:
        self.layer: Layer = weakref.proxy(layer)  # a circle would keep a deleted net's memory
        window = Window(layer.p)
        self.whole = window.whole
        if self.whole and window.kernel:
            layer.fail("global_pooling takes the whole input, so no kernel can be given")
        if window.lonely:
            side = window.lonely[0][:-2]
            layer.fail(f"{side}_h and {side}_w belong together", found=f"only {window.lonely[0]}")
        if not self.whole and not window.kernel:
            layer.fail("the size of the windows is missing",
                       fix="Give kernel_size, or kernel_h and kernel_w, or global_pooling: true.")
        self.axes = axes
        self.kernel: Pairs = () if self.whole else window.each("kernel", axes)
        self.pad, self.stride = window.each("pad", axes), window.each("stride", axes)
        self.pad_end = window.pad_end or self.pad
        p = layer.p
        self.down = p.torch_pooling or (not p.ceil_mode if p.HasField("ceil_mode") else
                                        p.round_mode == p.FLOOR)
        if not self.whole and 0 in self.kernel:
            layer.fail("the kernel must be at least 1 on all axes", found=self.kernel)
        if 0 in self.stride:
            layer.fail("stride must be at least 1 on all axes", found=self.stride)
        if self.whole and (any(self.pad + self.pad_end) or set(self.stride) != {1}):
            layer.fail("global_pooling goes with pad 0 and stride 1",
                       found=f"pad {self.pad}, stride {self.stride}")
        if not self.whole and any(a >= b for pad in (self.pad, self.pad_end)
                                  for a, b in zip(pad, self.kernel, strict=True)):
            layer.fail("pad must be smaller than the kernel, or windows hold padding alone",
                       found=f"pad {self.pad}, kernel {self.kernel}")

    def on(self, shape: Shape) -> Windows:
        """The windows on an input of ``shape`` (N, C, spatial axes...)."""
        kernel = shape[2:] if self.whole else self.kernel
        out = []
        for size, k, s, pad, end in zip(shape[2:], kernel, self.stride, self.pad, self.pad_end,
                                        strict=True):
            room = size + pad + end - k
            n = (room // s if self.down else -(-room // s)) + 1
            # rounding up may add a window that lies wholly outside: the original drops it where
            # there is padding, and otherwise reads out of bounds
            if (n - 1) * s >= size + pad:
                n -= 1
            if n < 1:
                self._too_large(kernel, shape)
            out.append(n)
        return Windows(tuple(kernel), self.stride, self.pad, (1,) * self.axes, tuple(out))

    def _too_large(self, kernel: Pairs, shape: Shape) -> NoReturn:
        self.layer.fail("the kernel is larger than the padded input", kind=ShapeError,
                        found=f"kernel {kernel}, pad {self.pad}, input {shape}")


def seen_as(tensor: Tensor, shape: Shape) -> Tensor:
    """The tensor, or its memory in another shape of equally many numbers."""
    return tensor if tensor.shape == shape else Tensor(tensor.memory, shape)


def same_shapes(layer: Layer, bottom: Any) -> None:
    """Fail unless all bottoms have the first one's shape."""
    for index, blob in enumerate(bottom):
        if blob.shape != bottom[0].shape:
            layer.fail("all bottoms must have the same shape", kind=ShapeError,
                       found=f"{bottom[0].shape} and, at index {index}, {blob.shape}")
