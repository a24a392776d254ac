"""Convolution kernels: every way that an engine knows, in every direction."""

from __future__ import annotations

import math

from caffepy.core.memory import Place
from caffepy.kernels.onednn import winograd, winograd_pieces
from caffepy.kernels.operations.convolution import ConvolutionSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.sides import Side

MOST_WORK = 1.5e6  # multiplications of one direction
LARGE = 8  # a case in so many is as large as a layer of a real net


def spec_of(draw: Draw, kernel, stride, pad, dilation, group=1, inputs=None, outputs=None,
            side=12) -> ConvolutionSpec:
    """Channels of a group and the sizes of pictures are drawn; at least one window fits."""
    inputs = inputs or draw.channels(48 // group + 1)
    outputs = outputs or draw.channels(48 // group + 1)
    least = [max(1, d * (k - 1) + 1 - 2 * p)
             for k, p, d in zip(kernel, pad, dilation, strict=True)]
    sizes = [n + draw.integer(0, side) for n in least]
    images = draw.integer(1, 4)

    def out() -> list[int]:
        return [(size + 2 * p - d * (k - 1) - 1) // s + 1
                for size, k, s, p, d in zip(sizes, kernel, stride, pad, dilation, strict=True)]

    most = MOST_WORK * (LARGE if draw.chance(1 / LARGE) else 1)
    while images * math.prod(out()) * inputs * outputs * group * math.prod(kernel) > most:
        if images > 1:
            images -= 1
        elif sizes > least:
            sizes = [max(low, size // 2) for size, low in zip(sizes, least, strict=True)]
        else:
            inputs, outputs = (inputs + 1) // 2, (outputs + 1) // 2
    return ConvolutionSpec(
        (images, group * inputs, *sizes), (group * outputs, inputs, *kernel),
        (images, group * outputs, *out()), stride, pad, dilation, group, draw.chance(0.7))


def case_of(draw: Draw, spec: ConvolutionSpec, way: int | None, *more_knobs) -> Case:
    if (way is not None or more_knobs) and draw.kind in ("whole", "halves"):
        draw.kind = "normal"  # Winograd's thirds round what a sum would not
    rounds = [{
        "x": draw.given(spec.x), "dy": draw.given(spec.y), "w": draw.parameter(spec.w),
        "b": draw.parameter(spec.w[:1]), "added": draw.given(spec.y) if draw.chance() else None,
        "here": draw.chance(), "relu": draw.chance(), "passes": draw.pick((1, 2)),
        "wanted": draw.pick([(True, True), (True, True), (True, False), (False, True)]),
        "order": draw.rng.permutation(3), "renewed": draw.chance(),
    } for _ in range(2)]

    def play(side: Side) -> None:
        kernel = side.plan(spec, way)
        w, b = side.tensor(rounds[0]["w"]), side.tensor(rounds[0]["b"])
        dw, db = side.empty(spec.w), side.empty(spec.w[:1])
        for r in rounds:
            if r["renewed"]:  # what a kernel keeps of the weights is stale
                w.overwrite(Place.HOST)[...] = side.array(r["w"].values)
                b = side.tensor(r["b"])
            acts = (forward, backward_data, backward_weights)
            for act in r["order"]:
                acts[act](side, kernel, r, w, b, dw, db)

    n, _, h, w = spec.y
    terms = max(math.prod(spec.w[1:]), spec.w[0] // spec.group * math.prod(spec.w[2:]), n * h * w)
    return Case(f"{spec}, way {way}", play, terms=terms, knobs=more_knobs, roundings=4)


def forward(side: Side, kernel, r, w, b, dw, db) -> None:
    spec = kernel.spec
    x, y = side.tensor(r["x"]), side.blank(spec.y)
    bias = b if spec.bias else None
    if r["added"] is not None:
        added = side.tensor(r["added"])
        y = added if r["here"] else y
        kernel.forward_sum(x, w, bias, added, y, r["relu"])
    else:
        (kernel.forward_relu if r["relu"] else kernel.forward)(x, w, bias, y)
    side.note("y", y)
    if not spec.bias:
        kernel.add_bias(y, b)
        side.note("y with a bias added", y)


def backward_data(side: Side, kernel, r, w, b, dw, db) -> None:
    dx = side.blank(kernel.spec.x)
    kernel.backward_data(side.tensor(r["dy"]), w, dx)
    side.note("dx", dx)


def backward_weights(side: Side, kernel, r, w, b, dw, db) -> None:
    """The gradients add up, over passes and rounds."""
    x, dy, bias = side.tensor(r["x"]), side.tensor(r["dy"]), kernel.spec.bias
    want_w, want_b = r["wanted"]
    for _ in range(r["passes"]):
        kernel.backward_weights(x, dy, dw if want_w else None, db if want_b and bias else None)
    if not bias:
        kernel.add_bias_gradient(dy, db)
    side.note("dw", dw)
    side.note("db", db)


@family("Convolution kernel")
def any_convolution(draw: Draw) -> Case:
    group = draw.pick((1, 1, 1, 1, 2, 3, 4))
    kernel = draw.pair(1, draw.pick((3, 5, 7, 11)))
    spec = spec_of(draw, kernel, draw.pair(1, draw.pick((1, 2, 4))), draw.pair(0, 3),
                   draw.pair(1, draw.pick((1, 1, 3))), group)
    return case_of(draw, spec, draw.seed() if draw.chance(0.4) else None)


@family("Convolution kernel, 1 x 1")
def pointwise(draw: Draw) -> Case:
    stride = draw.pair(1, draw.pick((1, 2, 3)))
    spec = spec_of(draw, (1, 1), stride, (0, 0) if draw.chance(0.8) else draw.pair(0, 1), (1, 1),
                   draw.pick((1, 1, 1, 2)))
    return case_of(draw, spec, draw.seed() if draw.chance(0.6) else None)


@family("Convolution kernel, depthwise")
def depthwise(draw: Draw) -> Case:
    channels = max(2, draw.channels(40))
    spec = spec_of(draw, draw.pair(1, 5), draw.pair(1, 2), draw.pair(0, 2), draw.pair(1, 2),
                   channels, 1, draw.pick((1, 1, 2, 3)))
    return case_of(draw, spec, draw.seed() if draw.chance(0.4) else None)


@family("Convolution kernel, Winograd")
def by_winograd(draw: Draw) -> Case:
    """Its rule takes it for large layers alone; here for all that it can do."""
    kernel = draw.pick((3, 5)), draw.integer(1, 5)
    pad = draw.integer(0, kernel[0] - 1), draw.integer(0, kernel[1] - 1)
    spec = spec_of(draw, kernel, (1, 1), pad, (1, 1), draw.pick((1, 1, 2)), side=20)
    return case_of(
        draw, spec, None, (winograd, "rule", lambda spec, on_avx2: list(winograd.DIRECTIONS)),
        (winograd_pieces, "ROWS", draw.pick((6, 16))),
        (winograd_pieces, "PIECE", draw.pick((1, 3000, 40000, 2**20))))


@family("Convolution kernel, 3 x 3 and wide")
def wide(draw: Draw) -> Case:
    """Kernel cell by kernel cell and what else is for many channels."""
    spec = spec_of(draw, (3, 3), (1, 1), (1, 1), (1, 1), inputs=draw.pick((16, 31, 64, 65, 96)),
                   outputs=draw.pick((15, 32, 64, 72, 128)), side=14)
    return case_of(draw, spec, draw.seed() if draw.chance(0.8) else None)
