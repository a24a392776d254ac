"""The kernels that every machine can run: vectorised array code that reads like the formula.

They are written on an array module ``xp`` with the functions that NumPy and CuPy share, take
float32 and float64, and work in C order, except that the elementwise ones follow the order their
input was last written in. What other engines do faster is checked against these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.core.memory import HALVES, Mover, Place
from caffepy.kernels import base, fused
from caffepy.kernels.reference.batch_norm import BatchNorm
from caffepy.kernels.reference.concat import Concat
from caffepy.kernels.reference.convolution import Convolution
from caffepy.kernels.reference.depthwise import Depthwise
from caffepy.kernels.reference.dropout import Dropout
from caffepy.kernels.reference.eltwise import Eltwise
from caffepy.kernels.reference.inner_product import InnerProduct
from caffepy.kernels.reference.lrn import LRN
from caffepy.kernels.reference.normalize import Normalize
from caffepy.kernels.reference.pooling import Pooling
from caffepy.kernels.reference.relu import ReLU
from caffepy.kernels.reference.scale import Scale
from caffepy.kernels.reference.softmax import Softmax
from caffepy.kernels.reference.softmax_loss import SoftmaxLoss
from caffepy.kernels.reference.sum_relu import SumReLU
from caffepy.kernels.reference.transform import Transform
from caffepy.kernels.transform import TransformSpec


class ReferenceEngine(base.Engine):
    """Has a kernel for every spec.

    Args:
        xp: the array module, numpy or cupy.
        place: where it computes; on a device if xp is cupy.
        mover: makes a mover for that place.
    """

    name = "reference"
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
        base.DropoutSpec: Dropout,
        base.SoftmaxLossSpec: SoftmaxLoss,
        TransformSpec: Transform,
    }

    def __init__(
        self, xp: Any = np, place: Place = Place.HOST, mover: Callable[[], Mover] = Mover
    ) -> None:
        self.xp = xp
        self.place = place
        self._mover = mover

    def mover(self) -> Mover:
        """See Engine.mover."""
        return self._mover()

    def plan(self, spec: base.Spec) -> base.Kernel:
        """See Engine.plan."""
        if getattr(spec, "dtype", None) in HALVES:
            raise base.Unsupported("the reference kernels compute in float32 or float64")
        if isinstance(spec, base.ConvolutionSpec) and 1 < spec.group == spec.x[1]:
            return Depthwise(spec, self)
        return super().plan(spec)
