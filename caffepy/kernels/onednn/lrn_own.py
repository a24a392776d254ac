"""oneDNN's own local response normalization across channels, and where it cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array
from caffepy.kernels.onednn.common import FLOAT
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.operations.lrn import LRNSpec

BLOCK = 16  # channels that AVX-512 takes at once
LEAST_K = 1e-6  # less might be too little where the scale is k alone, as in added channels


def is_wrong(gradient: Chosen, spec: LRNSpec) -> bool:
    """Whether this gradient of oneDNN's is false, by as much as its own size.

    It is, in code for AVX-512 alone, where channels are left over behind whole blocks of 16 and the
    window is 7 and more; in bfloat16, with either of the two. Found in 3.2 by trying 1 to 199
    channels with all windows. A later release has not been tried, so none is trusted.
    """
    channels = spec.shape[1]
    if spec.dtype not in FLOAT:
        return spec.size >= 7 or channels % BLOCK > 0
    return ("avx512" in gradient.implementation and spec.size >= 7
            and channels > BLOCK and channels % BLOCK > 0)


class Own:
    """Forward alone if nothing is trained, else forward and backward.

    Raises:
        Unsupported: oneDNN has none that is fast and right.
    """

    def __init__(self, runtime: Runtime, spec: LRNSpec) -> None:
        layout = runtime.last(spec.shape, spec.dtype)
        numbers = (spec.size, spec.alpha, spec.beta, spec.k)
        kind = api.TRAINING if spec.training else api.INFERENCE
        kept: list[tuple[int, api.Layout]] = []
        self._workspace = 0  # bytes
        self._backward: Call | None = None
        chosen = runtime.choose("lrn_forward", kind, api.LRN_ACROSS, layout, layout, *numbers)
        if spec.training:
            if spec.size == 1:
                raise Unsupported("oneDNN 3.2 ends the process over the gradient of such a window")
            back = runtime.choose("lrn_backward", api.LRN_ACROSS, layout, layout, layout, *numbers,
                                  chosen)
            if is_wrong(back, spec):
                raise Unsupported(f"the gradient of {back.implementation} is wrong")
            workspace = chosen.layout(api.WORKSPACE)
            self._workspace = workspace.nbytes
            kept = [(api.WORKSPACE, workspace)]
            self._backward = back.call((api.SRC, layout), (api.DIFF_DST, layout),
                                       (api.DIFF_SRC, layout), *kept)
        self._forward = chosen.call((api.SRC, layout), (api.DST, layout), *kept)

    def empty(self) -> list[Array]:
        """Arrays for what a use's forward leaves for its backward."""
        return [api.empty_bytes(self._workspace)] if self._backward else []

    @property
    def details(self) -> tuple[str, str | None]:
        """What runs forward, and backward if anything does."""
        return (self._forward.implementation,
                self._backward.implementation if self._backward else None)

    def forward(self, x: Array, y: Array, left: list[Array]) -> None:
        self._forward(x, y, *left)

    def backward(self, x: Array, dy: Array, dx: Array, left: list[Array]) -> None:
        assert self._backward is not None, "planned for inference"
        self._backward(x, dy, dx, *left)


class _Wider(NamedTuple):
    """Arrays with channels added. What is copied in leaves the zeros beside it alone."""

    x: Array
    dy: Array
    y: Array  # backward writes over it
    left: list[Array]


class Padded:
    """The same with channels of zeros added up to a whole block, where gradients are right.

    Zeros add nothing to the sums of their neighbours, neither forward nor backward. Copies and all
    it takes half to two thirds of the formulas' time: 1.8 ms for 3.5 of 10 x 72 x 28 x 28, 2.8 for
    3.9 of 10 x 24 x 56 x 56, on one thread.
    """

    def __init__(self, runtime: Runtime, spec: LRNSpec) -> None:
        n, c, h, w = spec.shape
        if spec.k < LEAST_K or not spec.training or c % BLOCK == 0 or spec.dtype not in FLOAT:
            raise Unsupported("no channels are to be added")
        self.shape = (n, c + -c % BLOCK, h, w)
        self._own = Own(runtime, replace(spec, shape=self.shape))
        plain = runtime.last(spec.shape)
        within = runtime.strided(spec.shape, (h * w * self.shape[1], 1, w * self.shape[1],
                                              self.shape[1]))
        self._in = runtime.reorder(plain, within)
        self._out = runtime.reorder(within, plain)

    def empty(self) -> _Wider:
        """As Own's."""
        count = int(np.prod(self.shape))
        x, dy, y = (api.empty_bytes(4 * count).view(np.float32) for _ in range(3))
        x[...] = dy[...] = 0
        return _Wider(x, dy, y, self._own.empty())

    @property
    def details(self) -> tuple[str, str | None]:
        """As Own's."""
        forward, backward = self._own.details
        return f"padded {forward}", f"padded {backward}"

    def forward(self, x: Array, y: Array, wider: _Wider) -> None:
        self._in(x, wider.x)
        self._own.forward(wider.x, wider.y, wider.left)
        self._out(wider.y, y)

    def backward(self, x: Array, dy: Array, dx: Array, wider: _Wider) -> None:
        """``x`` is the last forward's, which is here already."""
        self._in(dy, wider.dy)
        self._own.backward(wider.x, wider.dy, wider.y, wider.left)
        self._out(wider.y, dx)
