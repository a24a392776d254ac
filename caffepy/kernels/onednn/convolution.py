"""Convolution over two spatial axes, grouped, strided and dilated, channels-last.

The weights stay in Caffe's order. Each direction may want them in another order of oneDNN's: it
keeps a copy of its own, renewed when the version of the weights says that they changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from caffepy import log
from caffepy.core.memory import Place, SyncedMemory, Tensor
from caffepy.kernels.base import ConvolutionKernel, ConvolutionSpec, Engine, Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.common import runtime_of
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.onednn.weight_gradient import Primitive, WeightGradient, by_products, rule

logger = log.get(__name__)

FORWARD, DATA, WEIGHTS = "forward", "backward_data", "backward_weights"
CHANNELS_LAST, PLAIN = "channels-last", "plain"
WIDE = 512  # channels, from which on oneDNN's first choice for data gradients is as fast
# oneDNN 3.2's convolution by im2col ends the process in a data gradient of 1 x 1 pictures; it is
# slow besides, so that no way of it is ever measured.
CRASHES = ("x64:gemm:jit",)


class Laid:
    """What oneDNN offers for a convolution whose activations lie in one order.

    Code is generated when a direction first runs.
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, order: str) -> None:
        self.runtime = runtime
        self.spec = spec
        self.order = order
        self.place, layout = {CHANNELS_LAST: (Place.HOST_LAST, runtime.last),
                              PLAIN: (Place.HOST, runtime.plain)}[order]
        self.x, self.y = layout(spec.x), layout(spec.y)
        self.caffe_weights = runtime.plain(grouped(spec))
        self.bias = runtime.plain((spec.w[0],)) if spec.bias else None
        end = [
            max(0, (out - 1) * step + (side - 1) * dilation + 1 - size - pad)
            for out, step, side, dilation, size, pad in zip(
                spec.y[2:], spec.stride, spec.w[2:], spec.dilation, spec.x[2:], spec.pad,
                strict=True)
        ]
        # oneDNN counts the gaps between the cells of the kernel
        window = (dims(spec.stride), dims([d - 1 for d in spec.dilation]), dims(spec.pad),
                  dims(end))
        any_weights = runtime.any(grouped(spec))
        self._settings: dict[str, tuple[Any, ...]] = {
            FORWARD: ("convolution_forward", api.TRAINING, api.DIRECT, self.x, any_weights,
                      self.bias, self.y, *window)}
        self._chosen: dict[tuple[str, str], Chosen] = {}
        hint = self.choose(FORWARD)
        self._settings[DATA] = ("convolution_backward_data", api.DIRECT, self.x, any_weights,
                                self.y, *window, hint)
        self._settings[WEIGHTS] = ("convolution_backward_weights", api.DIRECT, self.x,
                                   any_weights, self.bias, self.y, *window, hint)

    def choose(self, direction: str, implementation: str = "") -> Chosen:
        """oneDNN's first implementation for a direction, or the one of that name."""
        chosen = self._chosen.get((direction, implementation))
        if chosen is None:
            chosen = self.runtime.choose(*self._settings[direction],
                                         implementation=implementation)
            self._chosen[direction, implementation] = chosen
            self._chosen[direction, chosen.implementation] = chosen
        return chosen

    def preferred(self, direction: str) -> Chosen:
        """The implementation that is known to be faster than oneDNN's first, if there is one."""
        name = better(self.spec, direction) if self.order == CHANNELS_LAST else ""
        try:
            return self.choose(direction, name)
        except Unsupported:
            return self.choose(direction)

    def with_relu(self, forward: Chosen) -> Chosen:
        """The same forward, and then max(y, 0)."""
        name, kind, algorithm, x, _, *rest = self._settings[FORWARD]
        settings = (name, kind, algorithm, x, forward.layout(api.WEIGHTS), *rest)
        relu = [("eltwise", api.RELU, 0.0, 0.0)]
        try:
            return self.runtime.choose(*settings, post_ops=relu,
                                       implementation=forward.implementation)
        except Unsupported:
            return self.runtime.choose(*settings, post_ops=relu)

    def ways(self, direction: str) -> list[str]:
        """The names of all of oneDNN's fast implementations, each with the order."""
        names = self.runtime.implementations(*self._settings[direction])
        return [f"{self.order} {name}" for name in names if name not in CRASHES]


def better(spec: ConvolutionSpec, direction: str) -> str:
    """What is faster on AVX2 than oneDNN's first choice; "" if nothing is.

    Of MobileNet's, ResNet-50's and GoogLeNet's layers on two threads: forward of 1 x 1 kernels by
    1.05 to 1.4 times, their data gradients by 1.05 to 1.2 where they are not wide, forward of
    depthwise ones by 1.05 to 1.3.
    """
    if spec.w[2:] == (1, 1) and (direction == FORWARD or (
            direction == DATA and max(spec.w[:2]) < WIDE)):
        return "jit_1x1:avx2"
    return "jit_dw:avx2" if spec.group == spec.x[1] > 1 and direction == FORWARD else ""


class Convolution(ConvolutionKernel):
    """By the direct algorithm (Winograd's rounds differently)."""

    engine = "onednn"
    fuses_relu = True

    def __init__(self, spec: ConvolutionSpec, owner: Engine) -> None:
        super().__init__(spec, owner)
        if len(spec.x) != 4:
            raise Unsupported("oneDNN convolutions are planned for two spatial axes")
        self.runtime = runtime_of(owner, spec.x, spec.w, spec.y)
        self._laid: dict[str, Laid] = {}
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

    def _in(self, order: str) -> Laid:
        laid = self._laid.get(order)
        if laid is None:
            laid = self._laid[order] = Laid(self.runtime, self.spec, order)
        return laid

    def _rule(self, order: str) -> dict[str, str]:
        """The ways that are taken unless something else was measured: all in one order, in which
        every direction is fast."""
        laid = self._in(order)
        laid.with_relu(laid.choose(FORWARD))  # it must be fast, too
        ways = {direction: f"{order} {laid.preferred(direction).implementation}"
                for direction in (FORWARD, DATA, WEIGHTS)}
        product = rule(self.spec)
        if product and order == CHANNELS_LAST:
            ways[WEIGHTS] = product.detail
        return ways

    def _plan(self, ways: Mapping[str, str]) -> None:
        """Go these ways."""
        forward, chosen_forward = self._taken(FORWARD, ways[FORWARD])
        relu = forward.with_relu(chosen_forward)
        data, chosen_data = self._taken(DATA, ways[DATA])
        for product in by_products(self.spec):
            if product.detail == ways[WEIGHTS]:
                self._gradient: WeightGradient = product(self.runtime, self.spec)
                break
        else:
            laid, chosen = self._taken(WEIGHTS, ways[WEIGHTS])
            self._gradient = Primitive(self.runtime, self.spec, laid.place, chosen, laid.x, laid.y,
                                       laid.caffe_weights)
        self._forward, self._forward_relu, self._data = chosen_forward, relu, chosen_data
        self._forward_laid, self._data_laid = forward, data
        self.ways = ways

    def _taken(self, direction: str, way: str) -> tuple[Laid, Chosen]:
        order, implementation = way.split(" ", 1)
        laid = self._in(order)
        return laid, laid.choose(direction, implementation)

    def candidates(self) -> dict[str, list[str]]:
        """See Kernel.candidates."""
        found: dict[str, list[str]] = {}
        first = self._rule_ways
        for direction in (FORWARD, DATA, WEIGHTS):
            names = [first[direction]]
            if direction == WEIGHTS:
                names += [way.detail for way in by_products(self.spec)]
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
        sides = [("forward", self._forward_laid, self._forward),
                 ("data", self._data_laid, self._data)]
        return ", ".join(
            f"{name} {laid.x} {chosen.implementation} {chosen.layout(api.WEIGHTS)}"
            for name, laid, chosen in sides
        ) + f", weights {self._gradient.detail}"

    # Made when first needed: nobody asks the first convolution of a net for its data gradient.

    @cached_property
    def _forward_weights(self) -> _Packed:
        return _Packed(self.runtime, self._forward_laid.caffe_weights,
                       self._forward.layout(api.WEIGHTS))

    @cached_property
    def _forward_call(self) -> Call:
        return self._call(self._forward)

    @cached_property
    def _forward_relu_call(self) -> Call:
        return self._call(self._forward_relu)

    def _call(self, chosen: Chosen) -> Call:
        laid = self._forward_laid
        arguments = [(api.SRC, laid.x), (api.WEIGHTS, self._forward.layout(api.WEIGHTS)),
                     (api.DST, laid.y)]
        if laid.bias:
            arguments.append((api.BIAS, laid.bias))
        return chosen.call(*arguments)

    @cached_property
    def _data_call(self) -> tuple[_Packed, Call]:
        laid, packed = self._data_laid, self._data.layout(api.WEIGHTS)
        call = self._data.call((api.DIFF_DST, laid.y), (api.WEIGHTS, packed),
                               (api.DIFF_SRC, laid.x))
        return _Packed(self.runtime, laid.caffe_weights, packed), call

    def forward(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._run(self._forward_call, x, w, b, y)

    def forward_relu(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        self._run(self._forward_relu_call, x, w, b, y)

    def _run(self, call: Call, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor) -> None:
        place = self._forward_laid.place
        arrays = [x.read(place), self._forward_weights.read(w), y.overwrite(place)]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        call(*arrays)

    def backward_data(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        packed, call = self._data_call
        place = self._data_laid.place
        call(dy.read(place), packed.read(w), dx.overwrite(place))

    def backward_weights(
        self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None
    ) -> None:
        self._gradient.add(x, dy, dw, db)


def grouped(spec: ConvolutionSpec) -> tuple[int, ...]:
    """The shape of the weights as oneDNN sees it."""
    if spec.group == 1:
        return spec.w
    return (spec.group, spec.w[0] // spec.group, *spec.w[1:])


class _Packed:
    """The weights in the order that one direction wants."""

    def __init__(self, runtime: Runtime, caffe: Layout, wanted: Layout) -> None:
        self.reorder: Call | None = None
        if caffe != wanted:
            self.reorder = runtime.reorder(caffe, wanted)
            self.buffer = api.empty_bytes(wanted.nbytes)
        self.memory: SyncedMemory | None = None
        self.version = -1

    def read(self, w: Tensor) -> Array:
        array: Array = w.read(Place.HOST)
        if self.reorder is None:
            return array
        if w.memory is not self.memory or w.memory.version != self.version:
            self.reorder(array, self.buffer)
            self.memory = w.memory
            self.version = w.memory.version
        return self.buffer
