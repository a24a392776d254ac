"""Winograd's convolution along the height: half the products of the direct one, channels-last.

Pictures are taken a few rows at a time (a tile). Its rows are mixed into as many new ones as there
are points (interpolation.py), which is one product with a small matrix for all columns and
channels at once. At each point then stands an ordinary convolution along the width, with the rows
of the weights mixed in the same way; and another small matrix makes rows of the result. All three
steps are oneDNN's own primitives.

    V (points, tiles, N, W, C)  = B^T rows of x
    M (points, tiles, N, W', O) = V[k] convolved with U[k] (O, C, 1, kernel width), at each point k
    rows of y                   = A^T M

Along one axis alone rounding errors hardly grow, and the small matrices cost a few per cent.
CAFFEPY_WINOGRAD=0 turns it off, for who compares numbers to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from caffepy.core.memory import Place, Tensor
from caffepy.kernels.onednn import api
from caffepy.kernels.onednn.api import Array, Layout, dims
from caffepy.kernels.onednn.direct import DATA, FORWARD, WEIGHTS
from caffepy.kernels.onednn.ending import Ending
from caffepy.kernels.onednn.interpolation import ONE, Tile, best_tile
from caffepy.kernels.onednn.runtime import Call, Chosen, Runtime
from caffepy.kernels.onednn.weight_gradient import ColumnSums, WeightGradient
from caffepy.kernels.onednn.winograd_pieces import Part, Side, Steps
from caffepy.kernels.onednn.winograd_weights import Gathered, Mixed
from caffepy.kernels.operations.convolution import ConvolutionSpec

WAY = "winograd"
DIRECTIONS = (FORWARD, DATA, WEIGHTS)
PLACE = Place.HOST_LAST
KERNELS = (3, 5)  # heights that it serves

# Where it is faster, measured on two threads with AVX2 and AVX-512 on layers of LeNet, CIFAR-10
# quick, CaffeNet, GoogLeNet, VGG-16, ResNet-50 and SqueezeNet, in batches of 1 to 128: 1.05 to 1.8
# times in each direction. AVX2's code, which takes longer for products, gains sooner.
LEAST_WORK = {  # multiplications and additions by the direct way: with fewer, several calls count
    False: {FORWARD: 240e6, DATA: 200e6, WEIGHTS: 500e6},
    True: {FORWARD: 80e6, DATA: 80e6, WEIGHTS: 220e6}}
LEAST_USE = {  # products of each number that is mixed: mixing takes time, too
    False: {FORWARD: 240, DATA: 240, WEIGHTS: 280},
    True: {FORWARD: 190, DATA: 190, WEIGHTS: 240}}
LEAST_PIXELS = {  # for each weight, of which there are twice as many to bring from memory
    False: {FORWARD: 400, DATA: 400, WEIGHTS: 400},
    True: {FORWARD: 200, DATA: 200, WEIGHTS: 300}}
# where weights, counted at all points, are no few, even more pixels, and rows of some length
FEW_WEIGHTS, MANY_PIXELS, LEAST_WIDTH = 2**21, 700, 8


def applies(spec: ConvolutionSpec) -> bool:
    """Whether a convolution can be computed this way."""
    return (spec.dtype == "float32" and len(spec.x) == 4
            and {*spec.stride, *spec.dilation} == {1} and spec.w[2] in KERNELS
            and spec.pad[0] < spec.w[2] and spec.pad[1] < spec.w[3])


def rule(spec: ConvolutionSpec, on_avx2: bool) -> list[str]:
    """The directions in which it is faster than the other ways.

    Args:
        on_avx2: whether the direct way's code is for processors without AVX-512.
    """
    if not applies(spec):
        return []
    outputs, inputs, height, width = spec.w
    pixels = spec.y[0] * spec.y[2] * spec.y[3]
    weights = best_tile(spec.y[2], height).points * outputs * inputs * width
    if weights > FEW_WEIGHTS and (pixels < MANY_PIXELS or spec.y[3] < LEAST_WIDTH):
        return []
    work, own = 2 * pixels * math.prod(spec.w), outputs // spec.group
    use = height * width * inputs * own / (inputs + own)
    return [direction for direction, least in LEAST_PIXELS[on_avx2].items()
            if pixels >= least and work >= LEAST_WORK[on_avx2][direction]
            and use >= LEAST_USE[on_avx2][direction]]


class Along:
    """The convolution along the width that stands at each point, in its three directions."""

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, x: Layout, y: Layout) -> None:
        outputs, inputs, _, width = spec.w
        shape = ((outputs, inputs, 1, width) if spec.group == 1 else
                 (spec.group, outputs // spec.group, inputs, 1, width))
        self.runtime, self.x, self.y, self.any = runtime, x, y, runtime.any(shape)
        self.bias = runtime.plain((outputs,))
        # to the right as many zeros as the outputs need
        end = spec.y[3] - 1 + width - spec.x[3] - spec.pad[1]
        self._window = (dims((1, 1)), dims((0, 0)), dims((0, spec.pad[1])), dims((0, end)))

    def forward(self) -> Chosen:
        return self.runtime.choose("convolution_forward", api.TRAINING, api.DIRECT, self.x,
                                   self.any, None, self.y, *self._window)

    def forward_with_bias(self, weights: Layout) -> Chosen:
        """The same over weights that lie as ``forward`` wants them."""
        return self.runtime.choose("convolution_forward", api.TRAINING, api.DIRECT, self.x,
                                   weights, self.bias, self.y, *self._window)

    def backward_data(self) -> Chosen:
        return self.runtime.choose("convolution_backward_data", api.DIRECT, self.x, self.any,
                                   self.y, *self._window, self.forward())

    def backward_weights(self) -> Chosen:
        return self.runtime.choose("convolution_backward_weights", api.DIRECT, self.x, self.any,
                                   None, self.y, *self._window, self.forward())


S = TypeVar("S", "_Step", "_WeightsStep")


def by_layout(steps: Sequence[S]) -> list[list[S]]:
    """The steps, those together that want the weights in one order."""
    groups: list[list[S]] = []
    for step in steps:
        for group in groups:
            if group[0].weights == step.weights:
                group.append(step)
                break
        else:
            groups.append([step])
    return groups


class _Step:
    """What one piece of a pass runs."""

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, points: int, images: int,
                 part: Part, forward: bool) -> None:
        self.points = points
        self.source = Side(runtime, spec.x if forward else spec.y, images, part, points, "V")
        self.target = Side(runtime, spec.y if forward else spec.x, images, part, points, "M")
        sides = (self.source, self.target) if forward else (self.target, self.source)
        along = Along(runtime, spec, *(side.layout() for side in sides))
        self.chosen = along.forward() if forward else along.backward_data()
        self.weights = self.chosen.layout(api.WEIGHTS)
        self.bias = along.bias
        self.chosen_with_bias = along.forward_with_bias(self.weights) if forward else None
        self._unmix: dict[Ending, Call] = {}
        self._from, self._to = ((api.SRC, api.DST) if forward else (api.DIFF_DST, api.DIFF_SRC))

    @property
    def _arguments(self) -> list[tuple[int, Layout]]:
        return [(self._from, self.source.layout()), (api.WEIGHTS, self.weights),
                (self._to, self.target.layout())]

    @cached_property
    def mix(self) -> Call:
        return self.source.product(self.source.part.mix, into_points=True)

    @cached_property
    def convolutions(self) -> list[Call]:
        return [self.chosen.call(*self._arguments) for _ in range(self.points)]

    @cached_property
    def with_bias(self) -> Call:
        """The convolution at the point where outputs are added up: the bias goes in there."""
        assert self.chosen_with_bias is not None
        return self.chosen_with_bias.call(*self._arguments, (api.BIAS, self.bias))

    def unmix(self, ending: Ending) -> Call:
        """Made when first needed: a net wants one of them, mostly."""
        call = self._unmix.get(ending)
        if call is None:
            call = self._unmix[ending] = self.target.product(
                self.target.part.unmix, into_points=False, ending=ending)
        return call


class _Pass:
    """Pictures into pictures.

    Raises:
        Unsupported: oneDNN has no fast convolution along the width.
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, forward: bool) -> None:
        self.runtime, self.spec = runtime, spec
        height = spec.w[2]
        source, target = (spec.x, spec.y) if forward else (spec.y, spec.x)
        tile = best_tile(target[2], height)
        steps = Steps(tile, source, target, spec.pad[0] if forward else height - 1 - spec.pad[0])
        plans = {(images, part): _Step(runtime, spec, tile.points, images, part, forward)
                 for _, images, part in steps.list}
        self._steps = [plans[images, part] for _, images, part in steps.list]
        self._from, self._to = steps.reading(source), steps.making(target)
        self._added = steps.making(target)
        self._g = tile.g if forward else tile.g[:, ::-1]
        self.detail = detail(tile, self._steps[0].chosen)

    @cached_property
    def _weights(self) -> list[Mixed]:
        """Of each step. With another number of pictures oneDNN may want them in another order."""
        orders = [group[0].weights for group in by_layout(self._steps)]
        mixed = [Mixed(self.runtime, self.spec, order, self._g) for order in orders]
        return [mixed[orders.index(step.weights)] for step in self._steps]

    def _run(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool,
             added: Tensor | None = None) -> None:
        bias = b.read(Place.HOST) if b is not None else None
        addends = added.read(PLACE) if added is not None else None  # before y may take its room
        xs, ys = x.read(PLACE), y.overwrite(PLACE)
        ending = Ending.of(relu, addends, ys)
        terms = self._added.of(addends) if addends is not None else [None] * len(self._steps)
        for step, weights, read, made, term in zip(
                self._steps, self._weights, self._from.of(xs), self._to.of(ys), terms, strict=True):
            us = weights.read(w)
            vs, ms = step.source.at_points(), step.target.at_points()
            step.mix(read, vs[0])
            for k, (run, v, u, m) in enumerate(zip(step.convolutions, vs, us, ms, strict=True)):
                if k == ONE and bias is not None:
                    step.with_bias(v, u, m, bias)
                else:
                    run(v, u, m)
            step.unmix(ending)(ms[0], made, *ending.arrays(term))


class Forward(_Pass):
    """y from x, w and b."""

    adds = True

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        super().__init__(runtime, spec, forward=True)

    def run(self, x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, relu: bool = False,
            added: Tensor | None = None) -> None:
        """See ConvolutionKernel.forward, forward_relu and forward_sum."""
        self._run(x, w, b, y, relu, added)


class DataGradient(_Pass):
    """dx from dy and w: along the height dy convolved with the kernels upside down."""

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        super().__init__(runtime, spec, forward=False)

    def run(self, dy: Tensor, w: Tensor, dx: Tensor) -> None:
        """See ConvolutionKernel.backward_data."""
        self._run(dy, w, None, dx, relu=False)


class _WeightsStep:
    """What one piece of the weights' gradient runs."""

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec, points: int, images: int,
                 part: Part) -> None:
        self.points = points
        self.source = Side(runtime, spec.x, images, part, points, "V")
        self.target = Side(runtime, spec.y, images, part, points, "M")
        # oneDNN puts the weights down and takes them up again for each picture: as many as there
        # are threads are enough
        rows = part.tiles * images
        pictures = max(n for n in range(1, runtime.threads + 1) if rows % n == 0)
        self.x, self.y = self.source.layout(pictures), self.target.layout(pictures)
        self.chosen = Along(runtime, spec, self.x, self.y).backward_weights()
        self.weights = self.chosen.layout(api.DIFF_WEIGHTS)

    @cached_property
    def mix(self) -> Call:
        return self.source.product(self.source.part.mix, into_points=True)

    @cached_property
    def spread(self) -> Call:
        """dM = A dy."""
        return self.target.product(np.ascontiguousarray(self.target.part.unmix.T),
                                   into_points=True)

    @cached_property
    def convolutions(self) -> list[Call]:
        return [self.chosen.call((api.SRC, self.x), (api.DIFF_DST, self.y),
                                 (api.DIFF_WEIGHTS, self.weights)) for _ in range(self.points)]


class Weights(WeightGradient):
    """dU[k] = V[k] correlated with (A dy)[k], and dw = G^T dU.

    Raises:
        Unsupported: oneDNN has no fast convolution along the width.
    """

    def __init__(self, runtime: Runtime, spec: ConvolutionSpec) -> None:
        self.runtime, self.spec = runtime, spec
        self._tile = tile = best_tile(spec.y[2], spec.w[2])
        steps = Steps(tile, spec.x, spec.y, spec.pad[0])
        plans = {(images, part): _WeightsStep(runtime, spec, tile.points, images, part)
                 for _, images, part in steps.list}
        self._steps = [plans[images, part] for _, images, part in steps.list]
        self._x, self._dy = steps.reading(spec.x), steps.making(spec.y)
        self._sums = ColumnSums(runtime, spec.y[0] * spec.y[2] * spec.y[3], spec.w[0])
        self.detail = detail(tile, self._steps[0].chosen)

    @cached_property
    def _gathers(self) -> list[Gathered]:
        return [Gathered(self.runtime, self.spec, self._tile, group[0].weights, len(group))
                for group in by_layout(self._steps)]

    @cached_property
    def _targets(self) -> list[list[Array]]:
        """Where each step puts its gradients, point by point."""
        orders = [group[0].weights for group in by_layout(self._steps)]
        places = [iter(gather.at_points) for gather in self._gathers]
        return [[next(places[orders.index(step.weights)]) for _ in range(step.points)]
                for step in self._steps]

    def add(self, x: Tensor, dy: Tensor, dw: Tensor | None, db: Tensor | None) -> None:
        dys = dy.read(PLACE)
        if db is not None:
            self._sums.add(dys, db)
        if dw is None:
            return
        for step, dus, read, made in zip(self._steps, self._targets, self._x.of(x.read(PLACE)),
                                         self._dy.of(dys), strict=True):
            vs, dms = step.source.at_points(), step.target.at_points()
            step.mix(read, vs[0])
            step.spread(made, dms[0])
            for run, v, dm, du in zip(step.convolutions, vs, dms, dus, strict=True):
                run(v, dm, du)
        for gather in self._gathers:
            gather.deliver(dw)


def detail(tile: Tile, chosen: Chosen) -> str:
    """What runs, for ``caffepy time``."""
    return f"acdb {WAY} {tile.outputs} of {tile.kernel} {chosen.implementation}"


WAYS = {FORWARD: Forward, DATA: DataGradient, WEIGHTS: Weights}
