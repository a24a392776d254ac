"""InnerProduct: y = x w^T + b, a fully connected layer.

bottom  x, any shape; axes before ``axis`` count as M items, the rest are K numbers each
top     y, the axes before ``axis``, then num_output
param   inner_product_param { num_output: 10 bias_term: true weight_filler { } bias_filler { }
        axis: 1 transpose: false normalize: false }
V1      INNER_PRODUCT (V0 "innerproduct")

The weights are num_output x K, or K x num_output with ``transpose``. With happynear's ``normalize``
(NormFace, AM-Softmax) each forward first divides each row of them by sqrt(sum of squares + 1e-6),
in place; gradients are those of the product alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core import int8
from caffepy.core.fusion import Fused
from caffepy.core.layer import Blobs
from caffepy.core.memory import Array, Tensor
from caffepy.core.node import Node
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.kernels.operations.inner_product import InnerProductSpec
from caffepy.layers.common._axis import axis_of
from caffepy.layers.common._folded import Foldable, folded
from caffepy.layers.common._int8 import quantized
from caffepy.proto import caffe_pb2


@register("InnerProduct", v1="INNER_PRODUCT", v0="innerproduct", param="inner_product_param")
class InnerProduct(Foldable):
    plans = (InnerProductSpec,)
    learns = ("weights", "bias")
    recordable = True
    look = "inner product"
    obeys = ("inner_product_param.normalize", int8.FIELD)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.num_output < 1:
            self.fail("num_output must be at least 1", found=p.num_output)
        if p.normalize and p.transpose:
            self.fail("normalize goes with weights of one row an output", found="transpose: true")
        self.axis = axis_of(self, bottom[0], p.axis)
        self.k = bottom[0].count_from(self.axis)
        n = p.num_output
        self.add_blob((self.k, n) if p.transpose else (n, self.k), p.weight_filler)
        if p.bias_term:
            self.add_blob((n,), p.bias_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        p, x = self.p, bottom[0]
        if x.count_from(self.axis) != self.k:
            self.fail("the bottom does not fit the weights", kind=ShapeError,
                      found=f"shape {x.shape}: {x.count_from(self.axis)} numbers from axis "
                            f"{self.axis} on", allowed=self.k)
        top[0].reshape((*x.shape[: self.axis], p.num_output))
        self.kernel = self.plan(InnerProductSpec(
            x.count_from(0, self.axis), self.k, p.num_output, p.transpose, p.bias_term,
            self.dtype.name, self.phase == caffe_pb2.TRAIN, quantized(self),
        ))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.normalize:
            w = self.write(self.blobs[0].values)
            w /= self.xp.sqrt(self.xp.square(w).sum(axis=1, keepdims=True) + self.dtype.type(1e-6))
        b = self.blobs[1].values if self.p.bias_term else None
        self.kernel.forward(bottom[0].values, self.blobs[0].values, b, top[0].values)

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        return folded(chain, optimize)

    @property
    def makes_channels(self) -> bool:
        return self.axis == 1 and not self.p.normalize  # which divides what was folded in

    def outputs_of(self, factor: Array) -> Array:
        return factor if self.p.transpose else factor[:, None]

    def compute(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
                added: Tensor | None = None) -> None:
        self.folded_kernel.forward(x, w, b, y)

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return top[0].count * self.k

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        wanted = [blob.grads if down else None
                  for blob, down in zip(self.blobs, self.param_propagate_down, strict=True)]
        dw, db = wanted[0], wanted[1] if self.p.bias_term else None
        kernel = self.backward_kernel
        if dw is not None or db is not None:
            kernel.backward_weights(bottom[0].values, top[0].grads, dw, db)
        if propagate_down[0]:
            kernel.backward_data(top[0].grads, self.blobs[0].values, bottom[0].grads)
