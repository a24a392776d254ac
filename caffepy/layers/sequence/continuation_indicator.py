"""ContinuationIndicator: where sequences go on, for recurrent layers: 0 at the first step, then 1.

bottom  none
top     T x N: zeros in the first row, ones below it
param   continuation_indicator_param { time_step: T batch_size: N }

crnn.caffe's.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.registry import register


@register("ContinuationIndicator", dialect="crnn", param="continuation_indicator_param")
class ContinuationIndicator(Layer):
    bottoms = "0"
    keeps = ()
    recordable = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if not (self.p.time_step and self.p.batch_size):
            self.fail("time_step and batch_size say how many steps of how many sequences there are",
                      found=f"time_step {self.p.time_step}, batch_size {self.p.batch_size}",
                      fix="Add continuation_indicator_param { time_step: 26 batch_size: 32 }.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        top[0].reshape(self.p.time_step, self.p.batch_size)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        flags = self.overwrite(top[0].values)
        flags[...] = 1
        flags[0] = 0

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass
