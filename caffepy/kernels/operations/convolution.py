"""Convolution of any number of spatial axes, with groups, strides, pads and dilations."""

from __future__ import annotations

from dataclasses import dataclass, field

from caffepy.core.memory import Shape, SyncedMemory, Tensor
from caffepy.kernels.bias import ChannelBias
from caffepy.kernels.contract import Pairs, Spec
from caffepy.kernels.eight_bits import EightBits
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.relu import ReLUSpec


@dataclass(frozen=True)
class ConvolutionSpec(Spec):
    """y[n, o] = sum over c in o's group of w[o, c] * x[n, c] (cross-correlation) + b[o].

    ``end`` is the padding behind each axis, where it is not ``pad``; without ``training`` no
    backward will be asked for; with ``quantized`` x and w are rounded to 8 bits. What ``caffepy
    tune`` has found holds whatever these two are (hence no repr).
    x: (N, C, spatial...), w: (O, C / group, kernel...), y: (N, O, spatial...).
    """

    x: Shape
    w: Shape
    y: Shape
    stride: Pairs
    pad: Pairs
    dilation: Pairs
    group: int = 1
    bias: bool = True
    dtype: str = "float32"
    end: Pairs | None = None
    training: bool = field(default=True, repr=False)
    quantized: EightBits | None = field(default=None, repr=False)


class ConvolutionKernel(ChannelBias):
    spec: ConvolutionSpec
    fuses_relu = False  # whether forward_relu costs less than the two one after the other

    @property
    def fuses_sum(self) -> bool:
        """The same of forward_sum."""
        return False

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, w and b (None if the spec has no bias)."""
        raise NotImplementedError

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """As forward, then y = max(y, 0)."""
        self.forward(x, w, b, y)
        self._relu(y)

    def forward_sum(
        self, x: Tensor, w: Tensor, b: Tensor | None, added: Tensor, y: Tensor, relu: bool
    ) -> None:
        """As forward, then y = y + added, which is another tensor of y's shape, and with ``relu``
        then y = max(y, 0). y may lie where ``added`` does."""
        memory = y.memory
        apart = Tensor(SyncedMemory(y.count, memory.dtype, memory.mover), self.spec.y)
        self.forward(x, w, b, apart)
        spec = EltwiseSpec("sum", self.spec.y, (1.0, 1.0), False, self.spec.dtype)
        self.owner.plan(spec).forward([apart, added], y)  # type: ignore[attr-defined]
        if relu:
            self._relu(y)

    def _relu(self, y: Tensor) -> None:
        relu = self.owner.plan(ReLUSpec(self.spec.y, dtype=self.spec.dtype))
        relu.forward(y, y)  # type: ignore[attr-defined]

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        """dx from dy and w."""
        raise NotImplementedError

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        """Add to dw and db (None for one that is not wanted)."""
        raise NotImplementedError
