"""Sum and product of several tensors, in the order that the first lies in.

The maximum is left to the reference kernel: oneDNN has no mask of winners.
"""

from __future__ import annotations

import ctypes
from functools import cached_property

from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.common import STORED, flat, order, runtime_of
from caffepy.kernels.onednn.runtime import Call
from caffepy.kernels.operations.eltwise import EltwiseKernel, EltwiseSpec
from caffepy.kernels.table import implements

AT_ONCE = 32  # addends: two of them and post-ops, of which oneDNN takes 32 at most


@implements("operation", "shape", "coeff", "training")
class Eltwise(EltwiseKernel):
    """y = sum of coeff_i x_i, or product of x_i."""

    engine = "onednn"
    leaves = False

    def __init__(self, spec: EltwiseSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if spec.operation == "max":
            raise Unsupported("oneDNN has no maximum that says which bottom won")
        self.runtime = runtime_of(self, spec.shape, types=STORED)
        self.line = flat(self.runtime, spec.shape, spec.dtype)
        self.scales: dict[float, Call] = {}
        if spec.operation == "sum":
            self._detail = self._sum.implementation
        else:
            self._detail = self._product.implementation

    @cached_property
    def _sum(self) -> Call:
        coeff, line = self.spec.coeff, self.line
        count = len(coeff)
        if self._plain:
            return self._add(min(count, AT_ONCE))
        chosen = self.runtime.choose(
            "sum", line, count, (ctypes.c_float * count)(*coeff),
            (ctypes.c_void_p * count)(*[line.ref.value] * count),
        )
        sources = [(api.MULTIPLE_SRC + index, line) for index in range(count)]
        return chosen.call(*sources, (api.DST, line))

    @property
    def _plain(self) -> bool:
        """Whether it is a sum without factors, which oneDNN's binary operations add on all threads;
        its own sum runs on one."""
        return set(self.spec.coeff) == {1.0}

    def _add(self, count: int) -> Call:
        line = self.line
        chosen = self.runtime.choose("binary", api.ADD, line, line, line,
                                     post_ops=[("binary", api.ADD, line)] * (count - 2))
        more = [(api.post_op_argument(index), line) for index in range(count - 2)]
        return chosen.call((api.SRC, line), (api.SRC_1, line), *more, (api.DST, line))

    @cached_property
    def _rest(self) -> Call:
        """Adds what remains when as many as possible are added AT_ONCE, the result among them."""
        return self._add((len(self.spec.coeff) - 2) % (AT_ONCE - 1) + 2)

    @cached_property
    def _product(self) -> Call:
        line = self.line
        chosen = self.runtime.choose("binary", api.MUL, line, line, line)
        return chosen.call((api.SRC, line), (api.SRC_1, line), (api.DST, line))

    def _scale(self, factor: float) -> Call:
        if factor not in self.scales:
            line = self.line
            chosen = self.runtime.choose("eltwise_forward", api.INFERENCE, api.LINEAR, line, line,
                                         factor, 0.0)
            self.scales[factor] = chosen.call((api.SRC, line), (api.DST, line))
        return self.scales[factor]

    @property
    def detail(self) -> str:
        return self._detail

    def forward(self, xs: list[Tensor], y: Tensor) -> None:
        place = order(xs[0], self.spec.dtype)
        arrays = [x.read(place) for x in xs]
        ys = y.overwrite(place)
        if self.spec.operation == "sum":
            at_once = min(len(arrays), AT_ONCE) if self._plain else len(arrays)
            self._sum(*arrays[:at_once], ys)
            for start in range(at_once, len(arrays), AT_ONCE - 1):
                more = arrays[start : start + AT_ONCE - 1]
                (self._sum if len(more) == AT_ONCE - 1 else self._rest)(ys, *more, ys)
            return
        self._product(arrays[0], arrays[1], ys)
        for array in arrays[2:]:
            self._product(ys, array, ys)

    def backward(
        self, index: int, xs: list[Tensor], y: Tensor, dy: Tensor, dx: Tensor
    ) -> None:
        place = order(dy, self.spec.dtype)
        product = dy.read(place)
        if self.spec.operation == "sum":
            self._scale(self.spec.coeff[index])(product, dx.overwrite(place))
            return
        others = [x.read(place) for i, x in enumerate(xs) if i != index]
        dxs = dx.overwrite(place)
        for array in others:
            self._product(product, array, dxs)
            product = dxs
