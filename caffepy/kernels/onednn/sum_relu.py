"""The sum of two tensors and ReLU in one pass, in the order that the first lies in."""

from __future__ import annotations

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.common import RELU_OF, STORED, flat, order, runtime_of
from caffepy.kernels.operations.sum_relu import SumReLUKernel, SumReLUSpec
from caffepy.kernels.table import implements


@implements("shape")
class SumReLU(SumReLUKernel):
    """y = max(a + b, 0)."""

    engine = "onednn"

    def __init__(self, spec: SumReLUSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        runtime = runtime_of(self, spec.shape, types=STORED)
        line = flat(runtime, spec.shape, spec.dtype)
        chosen = runtime.choose("binary", api.ADD, line, line, line, post_ops=RELU_OF[spec.dtype])
        self._call = chosen.call((api.SRC, line), (api.SRC_1, line), (api.DST, line))

    @property
    def detail(self) -> str:
        return self._call.implementation

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        place = order(xs[0], self.spec.dtype)
        a, b = (x.read(place) for x in xs)
        self._call(a, b, y.overwrite(place))
