"""Dropout: in training y = x * m / (1 - ratio), m 0 with probability ratio, else 1; else y = x.

bottom  x, any shape
top     y, shape of x; may be the same blob (in place)
param   dropout_param { dropout_ratio: 0.5 scale_train: true sample_weights_test: false
        sqrt_scale: false }
V1      DROPOUT (V0 "dropout")

Scaling while training ("inverted" dropout) leaves nothing to do in the TEST phase
(Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014).
With Fast R-CNN's scale_train: false it is TEST that scales: y = x * m, and x * (1 - ratio) there.
Bayesian SegNet's sample_weights_test drops in TEST, too; happynear's sqrt_scale multiplies what is
kept by 1 / sqrt(1 - ratio) instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    obeys = ("scale_train", "sample_weights_test", "sqrt_scale")

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        return not cls.own(spec).sample_weights_test

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.ratio = self.p.dropout_ratio
        if not 0 <= self.ratio < 1:
            self.fail("dropout_ratio is the probability to drop a number",
                      found=f"{self.ratio:g}", allowed="0 <= dropout_ratio < 1")
        self.training = self.phase == caffe_pb2.TRAIN or self.p.sample_weights_test
        self.scales = not self.p.HasField("scale_train") or self.p.scale_train
        if self.p.sqrt_scale and not self.scales:
            self.fail("sqrt_scale scales while training, and scale_train: false does not",
                      fix="Keep one of them.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(bottom[0])
        self.kernel: DropoutKernel = self.plan(
            DropoutSpec(bottom[0].shape, self.ratio, self.dtype.name, self._kept()), self.kernel)

    def _kept(self) -> float | None:
        """What is kept is multiplied by it; None for 1 / (1 - ratio)."""
        if not self.scales:
            return 1.0
        return float((1 - self.ratio) ** -0.5) if self.p.sqrt_scale else None

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
        if self.scales and source.memory is target.memory:
            return  # it is there
        place = self.keep(source) if self.scales else self.follow(source)
        given, wanted = source.read(place), target.overwrite(place)
        if self.scales:
            self.context.mover.rewrite(given, wanted)
        else:
            self.xp.multiply(given, self.dtype.type(1 - self.ratio), out=wanted)

    def before_replay(self) -> None:
        self.kernel.seek(self.context.generator(self.stream, self.position + 1))
