"""Parameter: a learned blob as a top, for nets that compute with their weights.

bottom  none
top     the parameter
param   parameter_param { shape { dim: 2 dim: 3 } blob_filler { } }
learns  the parameter, zeros at first unless a filler is given (a fork's word) or weights are loaded
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register


@register("Parameter", param="parameter_param")
class Parameter(Layer):
    bottoms = "0"
    keeps = ()
    learns = ("parameter",)
    recordable = True
    obeys = ("blob_filler",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.add_blob(tuple(self.p.shape.dim), self.p.blob_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape_like(self.blobs[0])

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        # a copy, so that a layer in place above does not change the parameter
        self.overwrite(top[0].values)[...] = self.read(self.blobs[0].values)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        if self.param_propagate_down[0]:
            self.accumulate(self.blobs[0].grads, self.read(top[0].grads))
