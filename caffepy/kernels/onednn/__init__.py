"""The kernels that run on oneDNN, for x86-64 Linux: float32, 4-D activations channels-last."""

from __future__ import annotations

from functools import cached_property

from caffepy.core.memory import Mover
from caffepy.kernels import base, fused, rules, tuning
from caffepy.kernels.onednn import subsampled
from caffepy.kernels.onednn.batch_norm import BatchNorm
from caffepy.kernels.onednn.concat import Concat
from caffepy.kernels.onednn.convolution import Convolution
from caffepy.kernels.onednn.eltwise import Eltwise
from caffepy.kernels.onednn.inner_product import InnerProduct
from caffepy.kernels.onednn.lrn import LRN
from caffepy.kernels.onednn.mover import OneDnnMover
from caffepy.kernels.onednn.normalize import Normalize
from caffepy.kernels.onednn.pooling import Pooling
from caffepy.kernels.onednn.relu import ReLU
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.kernels.onednn.scale import Scale
from caffepy.kernels.onednn.softmax import Softmax
from caffepy.kernels.onednn.sum_relu import SumReLU
from caffepy.kernels.onednn.update import Update


class OneDnnEngine(base.Engine):
    """Plans oneDNN kernels.

    Args:
        threads: how many OpenMP threads to use; None leaves it to OMP_NUM_THREADS, or all cores.

    Raises:
        Unsupported: the library cannot be loaded; the message says what to install.
    """

    name = "onednn"
    kernels = {
        base.ConvolutionSpec: Convolution,
        base.InnerProductSpec: InnerProduct,
        base.PoolingSpec: Pooling,
        base.LRNSpec: LRN,
        base.ReLUSpec: ReLU,
        base.SoftmaxSpec: Softmax,
        base.BatchNormSpec: BatchNorm,
        base.ScaleSpec: Scale,
        fused.NormalizeSpec: Normalize,
        fused.SumReLUSpec: SumReLU,
        base.EltwiseSpec: Eltwise,
        base.ConcatSpec: Concat,
        rules.UpdateSpec: Update,
    }

    def __init__(self, threads: int | None = None) -> None:
        self.runtime = Runtime(threads)

    @property
    def version(self) -> str:
        """oneDNN's version, such as ``3.2.0``."""
        return self.runtime.library.version_text

    @cached_property
    def choices(self) -> tuning.Choices:  # type: ignore[override]
        """The machine's own, read when the first kernel is planned, unless given before."""
        return tuning.choices(self.version, self.runtime.threads)

    @property
    def machine(self) -> str:
        """What choices measured here hold for."""
        return tuning.machine(self.version, self.runtime.threads)

    @property
    def path(self) -> str:
        """The shared library in use."""
        return self.runtime.library.path

    def mover(self) -> Mover:
        """A mover that changes the order of activations on all threads."""
        return OneDnnMover(self.runtime)

    def plan(self, spec: base.Spec) -> base.Kernel:
        """See Engine.plan."""
        if spec.dtype != "float32":  # type: ignore[attr-defined]
            raise base.Unsupported("the oneDNN kernels compute in float32 only")
        if isinstance(spec, base.ConvolutionSpec) and subsampled.applies(spec):
            return subsampled.Subsampled(spec, self)
        return super().plan(spec)
