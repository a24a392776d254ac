"""Eltwise: sum, product or maximum of several blobs, element by element.

bottom  x_0, x_1, ..., all of one shape
top     y, that shape: sum of coeff_i x_i, product of x_i, or max of x_i; may be the first
        bottom's blob (in place), though only a sum then has a gradient
param   eltwise_param { operation: SUM coeff: 1 coeff: -1 stable_prod_grad: true }
V1      ELTWISE

The gradient of a product is always the product of the other bottoms: stable_prod_grad: false
asked the original to divide y by x instead, which is the same but for x = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs, Layer
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.eltwise import EltwiseKernel, EltwiseSpec
from caffepy.kernels.operations.sum_relu import SumReLUSpec
from caffepy.layers.common._summed import summed
from caffepy.proto import caffe_pb2

logger = log.get(__name__)


@register("Eltwise", v1="ELTWISE", param="eltwise_param")
class Eltwise(Layer):
    plans = (EltwiseSpec, SumReLUSpec)
    bottoms = "2+"
    inplace = True
    recordable = True
    same_place = True

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        return True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        self.operation: str = p.EltwiseOp.Name(p.operation).lower()
        if p.coeff and self.operation == "prod":
            self.fail("coefficients are for sums only", found=f"{len(p.coeff)} with PROD")
        if p.coeff and len(p.coeff) != len(bottom):
            self.fail("coeff must be given once per bottom, or not at all",
                      found=f"{len(p.coeff)} for {len(bottom)} bottoms")
        if self.operation == "sum":
            self.keeps = ()
        elif top[0] is bottom[0] and self.phase == caffe_pb2.TRAIN:
            logger.warning("%s: the gradient of a product or maximum needs the bottom that it "
                           "overwrites in place. Give the top a name of its own.",
                           self.place_name)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        for index, blob in enumerate(bottom):
            if blob.shape != shape:
                self.fail("all bottoms must have the same shape", kind=ShapeError,
                          found=f"{shape} and, at index {index}, {blob.shape}")
        top[0].reshape_like(bottom[0])
        summed = self.p.coeff and self.operation == "sum"
        coeff = tuple(self.p.coeff) if summed else (1.0,) * len(bottom)
        self.kernel: EltwiseKernel = self.plan(
            EltwiseSpec(self.operation, shape, coeff, True, self.dtype.name), self.kernel)

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        return summed(chain, optimize)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.kernel.forward([x.values for x in bottom], top[0].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xs = [x.values for x in bottom]
        # last to first, as in place the first bottom's gradient takes the top's room
        for index in reversed(range(len(bottom))):
            if propagate_down[index] and not self._has_it(bottom[index], top[0], index):
                self.kernel.backward(index, xs, top[0].values, top[0].grads,
                                     bottom[index].grads)

    def _has_it(self, bottom: Blob, top: Blob, index: int) -> bool:
        """Whether the bottom's gradient is in place already, being the top's in its memory."""
        return bottom.grads.memory is top.grads.memory and (
            self.operation == "sum" and self.kernel.spec.coeff[index] == 1)
