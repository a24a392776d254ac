"""SGD's update in two passes on all threads, where NumPy takes seven.

    h = momentum h + rate (scale g + decay w)    one binary operation with what follows it
    w = w - h

What changes from step to step are numbers in memory that the primitives read.
"""

from __future__ import annotations

import numpy as np

from caffepy.kernels.base import Engine
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.rules import SGDKernel, SGDSpec


class SGD(SGDKernel):
    """See the module's formula."""

    engine = "onednn"

    def __init__(self, spec: SGDSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        runtime = runtime_of(owner, (spec.count,))
        line, number = runtime.plain((spec.count,)), runtime.plain((1,))
        self._scale, self._decay, self._rate = (np.empty(1, np.float32) for _ in range(3))
        scale = (api.SCALES | api.SRC, number, self._scale)
        momentum = ("sum", spec.momentum)
        if spec.decays:
            chosen = runtime.choose(
                "binary", api.ADD, line, line, line, scales=(api.SRC, api.SRC_1),
                post_ops=[("binary", api.MUL, number), momentum])
            self._gather = chosen.call(
                (api.SRC, line), (api.SRC_1, line), (api.DST, line),
                fixed=[scale, (api.SCALES | api.SRC_1, number, self._decay),
                       (api.post_op_argument(0), number, self._rate)])
        else:
            chosen = runtime.choose("binary", api.MUL, line, number, line, scales=(api.SRC,),
                                    post_ops=[momentum])
            self._gather = chosen.call((api.SRC, line), (api.DST, line),
                                       fixed=[scale, (api.SRC_1, number, self._rate)])
        chosen = runtime.choose("binary", api.SUB, line, line, line)
        self._subtract = chosen.call((api.SRC, line), (api.SRC_1, line), (api.DST, line))

    @property
    def detail(self) -> str:
        return self._gather.implementation

    def step(self, w: Array, g: Array, h: Array, scale: float, decay: float, rate: float) -> None:
        self._scale[0], self._decay[0], self._rate[0] = scale, decay, rate
        if self.spec.decays:
            self._gather(g, w, h)
        else:
            self._gather(g, h)
        self._subtract(w, h, w)
