"""What every engine offers: a spec says what to compute, a kernel is the plan for it.

A spec is frozen and hashable: shapes and settings, nothing of the values. ``Engine.plan`` makes a
kernel of it, which owns primitives, workspaces and layouts. Its methods take tensors and reach
them by the verbs of core.memory in the place the kernel likes; parameters' gradients are
accumulated, all other outputs overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Mover, Place, Shape, Tensor

Pairs = tuple[int, ...]  # one number per spatial axis


class Unsupported(Exception):
    """An engine cannot do this; the next one is asked."""


class Kernel:
    """A plan. ``engine`` and ``detail`` tell ``caffepy time`` what will run."""

    engine = ""

    def __init__(self, spec: Any, engine: Engine) -> None:
        self.spec = spec
        self.owner = engine

    @property
    def detail(self) -> str:
        """The implementation chosen, in the engine's own words."""
        return ""


class Engine:
    """A set of kernels. ``kernels`` maps each spec class to the class that implements it.

    ``device`` is the GPU it computes on (a kernels.cuda.device.Device), or None for the host.
    """

    name = ""
    device: Any = None
    kernels: dict[type, type[Kernel]] = {}
    xp: Any = np
    place = Place.HOST

    def mover(self) -> Mover:
        """A mover of its own for each context, since it counts."""
        return Mover()

    def plan(self, spec: Spec) -> Kernel:
        """A kernel for the spec.

        Raises:
            Unsupported: this engine has none for it.
        """
        if type(spec) not in self.kernels:
            raise Unsupported(f"{self.name} has no {type(spec).__name__}")
        return self.kernels[type(spec)](spec, self)


@dataclass(frozen=True)
class Spec:
    """Base of all specs. ``dtype`` is the name of the number type: float32 or float64."""


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


class ConvolutionKernel(Kernel):
    spec: ConvolutionSpec

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        """y from x, w and b (None if the spec has no bias)."""
        raise NotImplementedError

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
}
