"""Convolution and inner product of 8 bits, for nets in use: what both do around their products.

Inputs lie in float32 or bfloat16, are rounded to 8 bits in a pass of their own, and multiplied with
weights of 8 bits; oneDNN sums in 32-bit integers and writes float32 or bfloat16 again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from caffepy.core.memory import Array, Place, Tensor
from caffepy.core.seen import Seen
from caffepy.kernels.contract import Kernel, Unsupported
from caffepy.kernels.eight_bits import EightBits, rounded_weights
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Layout
from caffepy.kernels.onednn.ending import PLAIN, SUMS, Ending
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime

# without not-a-number, which 8 bits have not, oneDNN's own is enough
RELU = (("eltwise", api.RELU, 0.0, 0.0),)


def required(kernel: Kernel, quantized: EightBits | None) -> EightBits:
    """What the spec asks for.

    Raises:
        Unsupported: the processor has no products of 8 bits that cannot overflow.
    """
    if missing := kernel.owner.without("int8"):
        raise Unsupported(missing)
    assert quantized is not None
    return quantized


class ForUse:
    """Mixin of kernels that no spec with training comes to: of what trains, they have nothing."""

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        raise NotImplementedError("backward is planned without quantized")

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        raise NotImplementedError("backward is planned without quantized")


class Products:
    """y from x, w and b by one primitive.

    Args:
        choose: makes the primitive's description for post-ops.
        x, whole, y: the layouts of the inputs, of these in 8 bits, and of the results.
        caffe: the layout of the weights' whole numbers, the outputs first.
        place: where inputs and results lie.
    """

    def __init__(self, runtime: Runtime, quantized: EightBits, choose: Callable[..., Chosen],
                 x: Layout, whole: Layout, y: Layout, caffe: Layout, outputs: int, place: Place,
                 bias: Layout | None) -> None:
        self._runtime, self._choose, self._place = runtime, choose, place
        self._x, self._y, self._caffe, self._bias = x, y, caffe, bias
        self._whole = whole
        self._number, self._line = runtime.plain((1,)), runtime.plain((outputs,))
        self._step = np.full(1, quantized.scale, np.float32)
        self._steps = np.ones(outputs, np.float32)
        self._seen = Seen()
        self._calls: dict[Ending, Call] = {}
        self.chosen = choose()
        self.packed = self.chosen.layout(api.WEIGHTS)

    @property
    def detail(self) -> str:
        """What runs, for ``caffepy time``."""
        return f"{self.chosen.implementation} {self.packed}"

    @cached_property
    def _round(self) -> Call:
        chosen = self._runtime.choose(
            "reorder", self._x, self._runtime.engine, self._whole, self._runtime.engine,
            scales={api.DST: 0})
        return chosen.call((api.SRC, self._x), (api.DST, self._whole),
                           fixed=[(api.SCALES | api.DST, self._number, self._step)])

    def choose(self, ending: Ending) -> Chosen:
        """What does it with an ending.

        Raises:
            Unsupported: there is nothing fast that does.
        """
        return self._choose(self.packed, ending.post_ops(RELU, self._y))

    @cached_property
    def adds(self) -> bool:
        """Whether ``run`` can add another tensor."""
        try:
            for ending in SUMS:
                self.choose(ending)
        except Unsupported:
            return False
        return True

    def _call(self, ending: Ending) -> Call:
        """Made when first needed: a net wants one of them, mostly."""
        call = self._calls.get(ending)
        if call is None:
            chosen = self.chosen if ending == PLAIN else self.choose(ending)
            free = [(api.SRC, self._whole), (api.WEIGHTS, self.packed), (api.DST, self._y)]
            if self._bias:
                free.append((api.BIAS, self._bias))
            free += ending.arguments(self._y)
            call = self._calls[ending] = chosen.call(*free, fixed=[
                (api.SCALES | api.SRC, self._number, self._step),
                (api.SCALES | api.WEIGHTS, self._line, self._steps)])
        return call

    @cached_property
    def _weights(self) -> tuple[Call, Array]:
        return (self._runtime.reorder(self._caffe, self.packed),
                api.empty_bytes(self.packed.nbytes))

    def run(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, outputs_last: bool = False,
            relu: bool = False, added: Tensor | None = None) -> None:
        """Round and multiply; the weights are rounded anew when they have changed.

        Args:
            outputs_last: the weights are (K, N), with an output a column.
            relu, added: as in ConvolutionKernel.forward_relu and forward_sum.
        """
        terms = added.read(self._place) if added is not None else None  # before y takes its room
        pack, packed = self._weights
        if self._seen.is_new(w):
            array = w.read(Place.HOST)
            whole, self._steps[...] = rounded_weights(array.T if outputs_last else array)
            pack(np.ascontiguousarray(whole), packed)
        rounded = self._runtime.buffer("8 bits", self._whole.nbytes)
        self._round(x.read(self._place), rounded)
        arrays: list[Any] = [rounded, packed, y.overwrite(self._place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        ending = Ending.of(relu, terms, arrays[2])
        self._call(ending)(*arrays, *ending.arrays(terms))
