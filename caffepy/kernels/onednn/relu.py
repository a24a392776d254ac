"""ReLU, leaky or not, over a flat run of numbers in whatever order they lie."""

from __future__ import annotations

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.common import STORED, flat, order, runtime_of
from caffepy.kernels.operations.relu import ReLUKernel, ReLUSpec
from caffepy.kernels.table import implements


@implements("shape", "slope")
class ReLU(ReLUKernel):
    """y = max(x, 0) + slope * min(x, 0)."""

    engine = "onednn"

    def __init__(self, spec: ReLUSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        runtime = runtime_of(self, spec.shape, types=STORED)
        line = flat(runtime, spec.shape, spec.dtype)
        plain = runtime.choose("eltwise_forward", api.TRAINING, api.RELU, line, line,
                               spec.slope, 0.0)
        back = runtime.choose("eltwise_backward", api.RELU, line, line, line, spec.slope, 0.0,
                              plain)
        if spec.slope:
            self._forward = plain.call((api.SRC, line), (api.DST, line))
        else:
            # oneDNN's own turns not-a-number into 0, which would hide a net that diverges.
            # This is max(relu(max(x, x)), x): the same for numbers, and it lets the others through
            chosen = runtime.choose("binary", api.MAX, line, line, line, post_ops=[
                ("eltwise", api.RELU, 0.0, 0.0), ("binary", api.MAX, line)])
            self._forward = chosen.call((api.SRC, line), (api.SRC_1, line), (api.DST, line),
                                        (api.post_op_argument(1), line))
        self._backward = back.call((api.SRC, line), (api.DIFF_DST, line), (api.DIFF_SRC, line))

    @property
    def detail(self) -> str:
        return self._forward.implementation

    def forward(self, x: Tensor, y: Tensor) -> None:
        place = order(x, self.spec.dtype)
        xs = x.read(place)
        ys = y.overwrite(place)
        if self.spec.slope:
            self._forward(xs, ys)
        else:
            self._forward(xs, xs, ys, xs)

    def backward(self, x: Tensor, dy: Tensor, dx: Tensor) -> None:
        place = order(dy, self.spec.dtype)
        self._backward(x.read(place), dy.read(place), dx.overwrite(place))
