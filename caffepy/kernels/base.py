"""What every engine offers: a spec says what to compute, a kernel is the plan for it.

A spec is frozen and hashable: shapes and settings, nothing of the values. ``Engine.plan`` makes a
kernel of it, which owns primitives, workspaces and layouts. It reaches tensors by the verbs of
core.memory in the place it likes; parameters' gradients accumulate, other outputs are overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caffepy.core.memory import Array, Shape, Tensor
from caffepy.errors import DataError
from caffepy.kernels.bias import ChannelBias
from caffepy.kernels.contract import Engine as Engine
from caffepy.kernels.contract import Kernel, Spec
from caffepy.kernels.contract import Unsupported as Unsupported

Pairs = tuple[int, ...]  # one number per spatial axis


@dataclass(frozen=True)
class ConvolutionSpec(Spec):
    """y[n, o] = sum over c in o's group of w[o, c] * x[n, c] (cross-correlation) + b[o].

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


class ConvolutionKernel(ChannelBias):
    spec: ConvolutionSpec
    fuses_relu = False  # whether forward_relu costs less than the two one after the other

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, w and b (None if the spec has no bias)."""
        raise NotImplementedError

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """As forward, then y = max(y, 0)."""
        self.forward(x, w, b, y)
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


@dataclass(frozen=True)
class InnerProductSpec(Spec):
    """y = x w^T + b with x (M, K), w (N, K) or (K, N) if transposed, y (M, N).

    The tensors may have more axes; they are read in C order as these matrices.
    """

    m: int
    k: int
    n: int
    transpose: bool = False
    bias: bool = True
    dtype: str = "float32"


class InnerProductKernel(Kernel):
    spec: InnerProductSpec

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, w and b."""
        raise NotImplementedError

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        """dx = dy w."""
        raise NotImplementedError

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        """dw += dy^T x, db += column sums of dy."""
        raise NotImplementedError


@dataclass(frozen=True)
class PoolingSpec(Spec):
    """The largest or the mean of each window. method: "max" or "ave"; x and y are 4-D.

    The mean divides by the window's area clipped at height + pad (Caffe's rule): cells of the
    padding count, cells beyond it do not. Of equal largest values the first in row order wins.
    """

    method: str
    x: Shape
    y: Shape
    kernel: Pairs
    stride: Pairs
    pad: Pairs
    training: bool = True
    dtype: str = "float32"


class PoolingKernel(Kernel):
    spec: PoolingSpec

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> None:
        """y from x; ``mask`` (shape of y) gets the index h * W + w of each window's maximum."""
        raise NotImplementedError

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        """dx from dy, for the windows of the last forward (``training`` must be set)."""
        raise NotImplementedError


@dataclass(frozen=True)
class LRNSpec(Spec):
    """y = x * scale^-beta over a window of ``size``.

    across: scale = k + alpha / size   * sum of x^2 over neighbouring channels.
    within: scale = 1 + alpha / size^2 * sum of x^2 over a size x size window of the channel.
    """

    region: str
    shape: Shape
    size: int
    alpha: float
    beta: float
    k: float
    training: bool = True
    dtype: str = "float32"


class LRNKernel(Kernel):
    spec: LRNSpec

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x."""
        raise NotImplementedError

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx for the x and y of the last forward."""
        raise NotImplementedError


@dataclass(frozen=True)
class ReLUSpec(Spec):
    """y = x for x > 0, else slope * x. Any shape; y may be x."""

    shape: Shape
    slope: float = 0.0
    dtype: str = "float32"


class ReLUKernel(Kernel):
    spec: ReLUSpec

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x, in the order that x was last written in."""
        raise NotImplementedError

    def backward(self, x: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx from dy and the sign of x (or of y, in place: they agree for slope >= 0)."""
        raise NotImplementedError


@dataclass(frozen=True)
class SoftmaxSpec(Spec):
    """y = exp(x - max) / sum exp(x - max) along ``axis`` of ``shape``."""

    shape: Shape
    axis: int
    dtype: str = "float32"


class SoftmaxKernel(Kernel):
    spec: SoftmaxSpec

    def forward(self, x: Tensor, y: Tensor) -> None:
        """y from x; y may be x."""
        raise NotImplementedError

    def backward(self, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx = y * (dy - sum(dy * y)); dx may be dy."""
        raise NotImplementedError


@dataclass(frozen=True)
class BatchNormSpec(Spec):
    """y = (x - mean) / sqrt(variance + eps), per channel (axis 1; one channel if 1-D).

    ``given``: mean and variance come from outside (use_global_stats); else they are the
    batch's own, the variance divided by m, not m - 1.
    ``inplace``: y overwrites x, so what backward needs must be kept aside.
    """

    shape: Shape
    eps: float
    given: bool
    inplace: bool = False
    training: bool = True
    dtype: str = "float32"


class BatchNormKernel(Kernel):
    spec: BatchNormSpec

    def forward(self, x: Tensor, y: Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
        """y from x. ``mean`` and ``variance`` (C,) are read if given, else written."""
        raise NotImplementedError

    def backward(self, x: Tensor, y: Tensor, dy: Tensor, dx: Tensor) -> None:
        """dx for the last forward; x and y may have been overwritten since if ``inplace``."""
        raise NotImplementedError


@dataclass(frozen=True)
class ScaleSpec(Spec):
    """y = x * s + b, where s and b have the axes ``axis`` to ``end`` of ``shape``.

    ``inplace``: y overwrites x, so x must be kept aside for the gradient of s.
    """

    shape: Shape
    axis: int
    end: int
    bias: bool = False
    inplace: bool = False
    training: bool = True
    dtype: str = "float32"


class ScaleKernel(Kernel):
    spec: ScaleSpec

    def forward(self, x: Tensor, s: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, s and b (None if the spec has no bias)."""
        raise NotImplementedError

    def backward(
        self, x: Tensor, s: Tensor, dy: Tensor,
        dx: Tensor | None, ds: Tensor | None, db: Tensor | None,
    ) -> None:
        """dx from dy; ds and db are added to (None for what is not wanted). dx may be dy."""
        raise NotImplementedError


@dataclass(frozen=True)
class EltwiseSpec(Spec):
    """Elementwise over ``count`` tensors of one shape. operation: "sum", "prod" or "max"."""

    operation: str
    shape: Shape
    coeff: tuple[float, ...]  # one per bottom; all 1 except for sums with coefficients
    training: bool = True
    dtype: str = "float32"


class EltwiseKernel(Kernel):
    spec: EltwiseSpec

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        """y from all x, in the order that the first was last written in."""
        raise NotImplementedError

    def backward(
        self, index: int, xs: list[Tensor], y: Tensor, dy: Tensor, dx: Tensor
    ) -> None:
        """dx of the bottom at ``index``. Products: the product of the others (always stable)."""
        raise NotImplementedError


@dataclass(frozen=True)
class ConcatSpec(Spec):
    """Parts side by side along ``axis``; serves Concat and, the other way, Slice."""

    parts: tuple[Shape, ...]
    axis: int
    dtype: str = "float32"


class ConcatKernel(Kernel):
    spec: ConcatSpec

    def join(self, parts: list[Tensor], whole: Tensor) -> None:
        """Write the parts into the whole."""
        raise NotImplementedError

    def split(self, whole: Tensor, parts: list[Tensor | None]) -> None:
        """Write the whole's pieces into the parts (None: not wanted)."""
        raise NotImplementedError


@dataclass(frozen=True)
class DropoutSpec(Spec):
    """y = x * m, m being 0 with probability ``ratio`` and else 1 / (1 - ratio).

    Number i in C order is dropped if draw i is less than ratio * 2^16, where the draws are what
    the generator gives as unsigned 16-bit numbers: the same on every engine.
    """

    shape: Shape
    ratio: float
    dtype: str = "float32"


class DropoutKernel(Kernel):
    spec: DropoutSpec
    steps = 2**16  # the ratio is met to 1 / steps; four draws come from one 64-bit random number

    def forward(self, x: Tensor, y: Tensor, generator: np.random.Generator) -> None:
        """y from x, in the order that x was last written in; y may be x."""
        raise NotImplementedError

    def backward(self, dy: Tensor, dx: Tensor) -> None:
        """dx from dy and the mask of the last forward; dx may be dy."""
        raise NotImplementedError

    def seek(self, generator: np.random.Generator) -> None:
        """Get ready to draw what this generator would, without a call of ``forward``: when a
        recorded forward is replayed. Each replay moves on to the layer's next position."""
        raise NotImplementedError

    @property
    def threshold(self) -> int:
        """Draws of less are dropped."""
        return round(self.spec.ratio * self.steps)

    @property
    def rate(self) -> float:
        """What is kept is multiplied by this."""
        return 1 / (1 - self.spec.ratio)


@dataclass(frozen=True)
class SoftmaxLossSpec(Spec):
    """The sum of -log p[label] over all positions, by ``divisor``, for p = softmax of scores.

    shape: of the scores and of p; along ``axis`` lie the classes of one position.
    ignore_label: positions of this label do not count.
    divisor: None divides by the number of positions that count, or by 1 if none does.
    """

    shape: Shape
    axis: int
    ignore_label: int | None = None
    divisor: float | None = None
    dtype: str = "float32"


class SoftmaxLossKernel(Kernel):
    """``explain`` is set by the layer: it raises what a bad label means, given the position of
    the first of them, in C order, and its value. A device that is asked to run on without looking
    complains later: see Device.check."""

    spec: SoftmaxLossSpec

    @staticmethod
    def explain(where: int, value: float) -> None:
        """Raise an error about the label at position ``where``."""
        raise DataError(f"label {where} is no class", found=f"{value:g}")

    def forward(self, p: Tensor, labels: Tensor, loss: Tensor) -> None:
        """The loss from p, which is taken to be at least FLT_MIN, and one label a position."""
        raise NotImplementedError

    def backward(self, p: Tensor, labels: Tensor, dx: Tensor, weight: float | Array) -> None:
        """The scores' gradient: (p - 1 at the label) * weight / the divisor of the last
        forward; 0 where the label does not count. On a GPU the weight is an array there."""
        raise NotImplementedError


CONTRACTS: dict[type[Spec], type[Kernel]] = {
    ConvolutionSpec: ConvolutionKernel,
    InnerProductSpec: InnerProductKernel,
    PoolingSpec: PoolingKernel,
    LRNSpec: LRNKernel,
    ReLUSpec: ReLUKernel,
    SoftmaxSpec: SoftmaxKernel,
    BatchNormSpec: BatchNormKernel,
    ScaleSpec: ScaleKernel,
    EltwiseSpec: EltwiseKernel,
    ConcatSpec: ConcatKernel,
    DropoutSpec: DropoutKernel,
    SoftmaxLossSpec: SoftmaxLossKernel,
}
