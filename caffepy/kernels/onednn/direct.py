"""oneDNN's own convolution primitives: forward and the gradient of the data.

The weights stay in Caffe's order. Each direction may want them in another order of oneDNN's: it
keeps a copy of its own, renewed when the version of the weights says that they changed.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import Any

from caffepy.core.memory import Place, Tensor
from caffepy.core.seen import Seen
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.common import RELU_OF
from caffepy.kernels.onednn.ending import PLAIN as NO_ENDING
from caffepy.kernels.onednn.ending import RELU, SUMS, Ending
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.operations.convolution import ConvolutionSpec

FORWARD, DATA, WEIGHTS = "forward", "backward_data", "backward_weights"
CHANNELS_LAST, PLAIN = "channels-last", "plain"
WIDE = 512  # channels, from which on oneDNN's first choice for data gradients is as fast
# oneDNN 3.2's convolution by im2col ends the process in a data gradient of 1 x 1 pictures; it is
# slow besides, so that no way of it is ever measured.
CRASHES = ("x64:gemm:jit",)
# Found by trying, too: with a sum behind them they read the bias as if it were aligned.
CRASH_ADDING = "sse41"
# Wrong where channels are left over behind whole blocks of 16: found in 3.2 by trying.
WRONG, BLOCK = "jit_bf16_1x1", 16


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
        self.place = self.place.holding(spec.dtype)
        self.x, self.y = layout(spec.x, spec.dtype), layout(spec.y, spec.dtype)
        self.caffe_weights = runtime.plain(grouped(spec))
        self.bias = runtime.plain((spec.w[0],)) if spec.bias else None
        moves = window(spec)
        any_weights = runtime.any(grouped(spec), spec.dtype)
        gradient = runtime.any(grouped(spec))
        self._settings: dict[str, tuple[Any, ...]] = {
            FORWARD: ("convolution_forward", api.TRAINING, api.DIRECT, self.x, any_weights,
                      self.bias, self.y, *moves)}
        self._chosen: dict[tuple[str, str], Chosen] = {}
        hint = self.choose(FORWARD)
        self._settings[DATA] = ("convolution_backward_data", api.DIRECT, self.x, any_weights,
                                self.y, *moves, hint)
        # see weight_gradient.Primitive
        with_bias = self.bias if order == PLAIN or spec.dtype != "float32" else None
        self._settings[WEIGHTS] = ("convolution_backward_weights", api.DIRECT, self.x,
                                   gradient, with_bias, self.y, *moves, hint)

    def choose(self, direction: str, implementation: str = "") -> Chosen:
        """oneDNN's first implementation for a direction, or the one of that name."""
        chosen = self._chosen.get((direction, implementation))
        if chosen is None:
            chosen = self.runtime.choose(*self._settings[direction],
                                         implementation=implementation)
            if self._is_wrong(chosen.implementation):
                raise Unsupported(f"{chosen.implementation} is wrong for these channels")
            self._chosen[direction, implementation] = chosen
            self._chosen[direction, chosen.implementation] = chosen
        return chosen

    def preferred(self, direction: str) -> Chosen:
        """The implementation that is known to be faster than oneDNN's first, if there is one."""
        first = self.choose(direction)
        if self.order == CHANNELS_LAST and first.on_avx2:
            with contextlib.suppress(Unsupported):
                return self.choose(direction, better(self.spec, direction))
        return first

    def ending(self, forward: Chosen, ending: Ending) -> Chosen:
        """The same forward, with an ending."""
        name, kind, algorithm, x, _, *rest = self._settings[FORWARD]
        settings = (name, kind, algorithm, x, forward.layout(api.WEIGHTS), *rest)
        post_ops = ending.post_ops(RELU_OF[self.spec.dtype], self.y)
        try:
            return self.runtime.choose(*settings, post_ops=post_ops,
                                       implementation=forward.implementation)
        except Unsupported:
            return self.runtime.choose(*settings, post_ops=post_ops)

    def ways(self, direction: str) -> list[str]:
        """The names of all of oneDNN's fast implementations, each with the order."""
        names = self.runtime.implementations(*self._settings[direction])
        return [f"{self.order} {name}" for name in names
                if name not in CRASHES and not self._is_wrong(name)]

    def _is_wrong(self, implementation: str) -> bool:
        return implementation.startswith(WRONG) and any(
            channels // self.spec.group % BLOCK for channels in (self.spec.x[1], self.spec.y[1]))


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


class Forward:
    """y from x, w and b.

    Args:
        chosen: one of ``laid``'s for this direction.
    """

    def __init__(self, laid: Laid, chosen: Chosen) -> None:
        self.laid, self.chosen = laid, chosen
        self._with: dict[Ending, Chosen] = {NO_ENDING: chosen}
        self._calls: dict[Ending, Call] = {}
        self._choose(RELU)  # there must be one

    @cached_property
    def weights(self) -> Packed:
        """Made when first needed."""
        return Packed(self.laid.runtime, self.laid.caffe_weights,
                      self.chosen.layout(api.WEIGHTS))

    @cached_property
    def adds(self) -> bool:
        """Whether ``run`` can add another tensor."""
        try:
            return not any(self._choose(ending).implementation.endswith(CRASH_ADDING)
                           for ending in SUMS)
        except Unsupported:
            return False

    def _choose(self, ending: Ending) -> Chosen:
        chosen = self._with.get(ending)
        if chosen is None:
            chosen = self._with[ending] = self.laid.ending(self.chosen, ending)
        return chosen

    def _call(self, ending: Ending) -> Call:
        """Made when first needed: a net wants one of them, mostly."""
        call = self._calls.get(ending)
        if call is None:
            laid = self.laid
            arguments = [(api.SRC, laid.x), (api.WEIGHTS, self.chosen.layout(api.WEIGHTS)),
                         (api.DST, laid.y)]
            if laid.bias:
                arguments.append((api.BIAS, laid.bias))
            arguments += ending.arguments(laid.y)
            call = self._calls[ending] = self._choose(ending).call(*arguments)
        return call

    @property
    def detail(self) -> str:
        """What runs, for ``caffepy time``."""
        return _words(self.laid, self.chosen)

    def run(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
            added: Tensor | None = None) -> None:
        """See ConvolutionKernel.forward, forward_relu and forward_sum."""
        place = self.laid.place
        terms = added.read(place) if added is not None else None  # before y may take its room
        self.apply(x.read(place), w, b, y.overwrite(place), relu, terms)

    def apply(self, x: Array, w: Tensor, b: Tensor | None, y: Array, relu: bool,
              added: Array | None = None) -> None:
        """The same on arrays."""
        arrays = [x, self.weights.read(w), y]
        if b is not None:
            arrays.append(b.read(Place.HOST))
        ending = Ending.of(relu, added, y)
        self._call(ending)(*arrays, *ending.arrays(added))


class DataGradient:
    """dx from dy and w."""

    def __init__(self, laid: Laid, chosen: Chosen) -> None:
        self.laid, self.chosen = laid, chosen

    # Made when first needed: nobody asks the first convolution of a net for its data gradient.

    @cached_property
    def _prepared(self) -> tuple[Packed, Call]:
        laid, packed = self.laid, self.chosen.layout(api.WEIGHTS)
        call = self.chosen.call((api.DIFF_DST, laid.y), (api.WEIGHTS, packed),
                                (api.DIFF_SRC, laid.x))
        return Packed(laid.runtime, laid.caffe_weights, packed), call

    @property
    def detail(self) -> str:
        """What runs, for ``caffepy time``."""
        return _words(self.laid, self.chosen)

    def run(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        """See ConvolutionKernel.backward_data."""
        packed, call = self._prepared
        place = self.laid.place
        call(dy.read(place), packed.read(w), dx.overwrite(place))


def _words(laid: Laid, chosen: Chosen) -> str:
    return f"{laid.x} {chosen.implementation} {chosen.layout(api.WEIGHTS)}"


def window(spec: ConvolutionSpec) -> tuple[Any, ...]:
    """How the kernel moves, in oneDNN's words: strides, gaps, zeros before and behind."""
    end = [
        max(0, (out - 1) * step + (side - 1) * dilation + 1 - size - pad)
        for out, step, side, dilation, size, pad in zip(
            spec.y[2:], spec.stride, spec.w[2:], spec.dilation, spec.x[2:], spec.pad,
            strict=True)
    ]
    # oneDNN counts the gaps between the cells of the kernel
    return dims(spec.stride), dims([d - 1 for d in spec.dilation]), dims(spec.pad), dims(end)


def grouped(spec: ConvolutionSpec) -> tuple[int, ...]:
    """The shape of the weights as oneDNN sees it."""
    if spec.group == 1:
        return spec.w
    return (spec.group, spec.w[0] // spec.group, *spec.w[1:])


class Packed:
    """The weights in the order that one direction wants."""

    def __init__(self, runtime: Runtime, caffe: Layout, wanted: Layout) -> None:
        self.reorder: Call | None = None
        if caffe != wanted:
            self.reorder = runtime.reorder(caffe, wanted)
            self.buffer = api.empty_bytes(wanted.nbytes)
        self._seen = Seen()

    def read(self, w: Tensor) -> Array:
        if self.reorder is None:
            return w.read(Place.HOST)
        if self._seen.is_new(w):
            self.reorder(w.read(Place.HOST), self.buffer)
        return self.buffer
