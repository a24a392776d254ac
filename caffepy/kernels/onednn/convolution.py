"""Convolution over two spatial axes, grouped, strided and dilated, channels-last.

Each of the three directions goes one of several ways: by a primitive of oneDNN's (direct.py), by
Winograd's algorithm (winograd.py), the gradient of the weights also by matrix products
(weight_gradient.py), and forward of a single picture in bands (banded.py). A fixed rule chooses, or
what ``caffepy tune`` has measured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from caffepy import log
from caffepy.core.memory import Tensor
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.onednn import banded, weight_gradient, winograd
from caffepy.kernels.onednn.common import FLOAT, STORED, runtime_of
from caffepy.kernels.onednn.direct import (
    CHANNELS_LAST,
    DATA,
    FORWARD,
    PLAIN,
    WEIGHTS,
    DataGradient,
    Forward,
    Laid,
)
from caffepy.kernels.onednn.ending import RELU
from caffepy.kernels.onednn.weight_gradient import Primitive, WeightGradient
from caffepy.kernels.operations.convolution import ConvolutionKernel, ConvolutionSpec
from caffepy.kernels.table import implements

logger = log.get(__name__)


@implements("x", "w", "y", "stride", "pad", "dilation", "group", "bias", "training")
class Convolution(ConvolutionKernel):
    """See the module."""

    engine = "onednn"
    fuses_relu = True

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("oneDNN convolutions are planned for two spatial axes")
        self.runtime = runtime_of(self, spec.x, spec.w, spec.y, types=STORED)
        if spec.training and spec.dtype not in FLOAT and spec.x[3] < spec.stride[1]:
            # found in 3.2 by trying, in all of its code for bfloat16
            raise Unsupported("gradients of weights are wrong where pictures are narrower than the "
                              "stride")
        self._laid: dict[str, Laid] = {}
        self._built: dict[tuple[str, str], Any] = {}
        self._transforms = owner.settings.winograd and winograd.applies(spec)
        self._directions = winograd.DIRECTIONS if spec.training else (FORWARD,)
        try:
            self._rule_ways = self._rule(CHANNELS_LAST)
        except Unsupported:
            self._rule_ways = self._rule(PLAIN)
        chosen = owner.choices.of(spec)
        try:
            self._plan({**self._rule_ways, **chosen})
        except (Unsupported, KeyError, ValueError) as reason:
            if not chosen:
                raise
            logger.debug("%s cannot be followed for %s: %s", dict(chosen), spec, reason)
            self._plan(self._rule_ways)

    # -- which way to go --------------------------------------------------------------------

    def _in(self, order: str) -> Laid:
        laid = self._laid.get(order)
        if laid is None:
            laid = self._laid[order] = Laid(self.runtime, self.spec, order)
        return laid

    def _rule(self, order: str) -> dict[str, str]:
        """The ways that are taken unless something else was measured: all in one order, in which
        every direction is fast."""
        laid = self._in(order)
        laid.ending(laid.choose(FORWARD), RELU)  # it must be fast, too
        ways = {direction: f"{order} {laid.preferred(direction).implementation}"
                for direction in self._directions}
        if order == CHANNELS_LAST:
            if WEIGHTS in ways:
                product = weight_gradient.rule(self.spec, laid.choose(WEIGHTS).on_avx2)
                if product:
                    ways[WEIGHTS] = product.detail
            if banded.bands_of(self.spec, self.runtime.threads) > 1:
                with contextlib.suppress(Unsupported):
                    self._by(FORWARD, banded.WAY)
                    ways[FORWARD] = banded.WAY
            faster = winograd.rule(self.spec, laid.choose(FORWARD).on_avx2)
            for direction in faster if self._transforms else ():
                if direction not in ways:
                    continue
                try:
                    self._by(direction, winograd.WAY)
                except Unsupported:
                    continue
                ways[direction] = winograd.WAY
        return ways

    def _plan(self, ways: Mapping[str, str]) -> None:
        """Compute each direction in the way given for it."""
        self._forward: Forward | winograd.Forward | banded.Banded = self._by(FORWARD, ways[FORWARD])
        if self.spec.training:
            self._data: DataGradient | winograd.DataGradient = self._by(DATA, ways[DATA])
            self._gradient: WeightGradient = self._by(WEIGHTS, ways[WEIGHTS])
        self.ways = ways

    def _by(self, direction: str, way: str) -> Any:
        """The object that computes one direction in one way; made once.

        Raises:
            Unsupported, KeyError, ValueError: there is no such way.
        """
        built = self._built.get((direction, way))
        if built is None:
            make = {winograd.WAY: self._transformed, banded.WAY: self._in_bands}.get(
                way, self._directly)
            built = self._built[direction, way] = make(direction, way)
        return built

    def _transformed(self, direction: str, way: str) -> Any:
        if not self._transforms:
            raise Unsupported(f"{way} cannot do it, or shall not")
        return winograd.WAYS[direction](self.runtime, self.spec)

    def _in_bands(self, direction: str, way: str) -> banded.Banded:
        if direction != FORWARD:
            raise Unsupported(f"{way} are for forward passes")
        return banded.Banded(self.runtime, self.spec)

    def _directly(self, direction: str, way: str) -> Forward | DataGradient | WeightGradient:
        if direction == WEIGHTS:
            for product in weight_gradient.by_products(self.spec):
                if product.detail == way:
                    return product(self.runtime, self.spec)
        order, implementation = way.split(" ", 1)
        laid = self._in(order)
        chosen = laid.choose(direction, implementation)
        if direction == WEIGHTS:
            return Primitive(self.runtime, self.spec, laid.place, chosen, laid.x, laid.y,
                             laid.caffe_weights)
        return (Forward if direction == FORWARD else DataGradient)(laid, chosen)

    def candidates(self) -> dict[str, list[str]]:
        """See Kernel.candidates."""
        found: dict[str, list[str]] = {}
        for direction in self._directions:
            names = [self._rule_ways[direction]]
            if self._transforms:
                names.append(winograd.WAY)
            if direction == FORWARD and banded.bands_of(self.spec, self.runtime.threads) > 1:
                names.append(banded.WAY)
            if direction == WEIGHTS:
                names += [way.detail for way in weight_gradient.by_products(self.spec)]
            for order in (CHANNELS_LAST, PLAIN):
                try:
                    names += self._in(order).ways(direction)
                except Unsupported:
                    continue
            found[direction] = list(dict.fromkeys(names))
        return found

    @property
    def detail(self) -> str:
        """The implementation of each direction, and the orders of activations and weights."""
        forward = f"forward {self._forward.detail}"
        if not self.spec.training:
            return forward
        return f"{forward}, data {self._data.detail}, weights {self._gradient.detail}"

    # -- what runs ---------------------------------------------------------------------------

    @property
    def fuses_sum(self) -> bool:
        return self._forward.adds

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._forward.run(x, w, b, y)

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._forward.run(x, w, b, y, relu=True)

    def forward_sum(
        self, x: Tensor, w: Tensor, b: Tensor | None, added: Tensor, y: Tensor, relu: bool
    ) -> None:
        if self.fuses_sum:
            self._forward.run(x, w, b, y, relu, added)
        else:
            super().forward_sum(x, w, b, added, y, relu)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        self._data.run(dy, w, dx)

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        self._gradient.add(x, dy, dw, db)
