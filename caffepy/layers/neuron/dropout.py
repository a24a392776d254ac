"""Dropout: in training y = x * m / (1 - ratio), m 0 with probability ratio, else 1; else y = x.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   dropout_param { dropout_ratio: 0.5 }
V1      DROPOUT (V0 "dropout")

Scaling while training ("inverted" dropout) leaves nothing to do in the TEST phase
(Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014).
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Tensor
from caffepy.core.registry import register
from caffepy.kernels.operations.dropout import DropoutKernel, DropoutSpec
from caffepy.proto import caffe_pb2


@register("Dropout", v1="DROPOUT", v0="dropout", param="dropout_param")
class Dropout(Layer):
    inplace = True
    plans = (DropoutSpec,)
    keeps = ()
    preserves_sign = True
    recordable = True
    same_place = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.ratio = self.p.dropout_ratio
        if not 0 <= self.ratio < 1:
            self.fail("dropout_ratio is the probability to drop a number",
                      found=f"{self.ratio:g}", allowed="0 <= dropout_ratio < 1")
        self.training = self.phase == caffe_pb2.TRAIN

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        self.kernel: DropoutKernel = self.plan(
            DropoutSpec(bottom[0].shape, self.ratio, self.dtype.name), self.kernel)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, y = bottom[0].values, top[0].values
        if self.training:
            self.kernel.forward(x, y, self.random())
        else:
            self._pass_on(x, y)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dy, dx = top[0].grads, bottom[0].grads
        if self.training:
            self.kernel.backward(dy, dx)
        else:
            self._pass_on(dy, dx)

    def _pass_on(self, source: Tensor, target: Tensor) -> None:
        place = self.keep(source)
        given, wanted = source.read(place), target.overwrite(place)
        if wanted is not given:
            wanted[...] = given

    def before_replay(self) -> None:
        self.kernel.seek(self.context.generator(self.stream, self.position + 1))
