"""Layers over pictures."""

from __future__ import annotations

import math

from caffepy.kernels.onednn import winograd, winograd_pieces
from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer

FILLERS = f"weight_filler {FILLER} bias_filler {FILLER}"


def sides(name: str, pair: tuple[int, int]) -> str:
    h, w = pair
    return f"{name}_size: {h}" if h == w and name == "kernel" else (
        f"{name}: {h}" if h == w else f"{name}_h: {h} {name}_w: {w}")


def window(draw: Draw, most: int = 5) -> tuple[str, list[int]]:
    """Settings of a convolution's windows, and the least sizes that they fit on."""
    kernel, stride, pad = draw.pair(1, most), draw.pair(1, 3), draw.pair(0, 2)
    dilation = draw.pick((1, 1, 2))
    words = f"{sides('kernel', kernel)} {sides('stride', stride)} {sides('pad', pad)}"
    if dilation > 1:
        words += f" {draw.pick(('dilation', 'hole'))}: {dilation}"
    return words, [max(1, dilation * (k - 1) + 1 - 2 * p) for k, p in zip(kernel, pad, strict=True)]


def grouped(draw: Draw) -> tuple[int, int, int]:
    """Channels in, channels out, groups."""
    group = draw.pick((1, 1, 1, 2, 3))
    if draw.chance(0.15):
        group = draw.channels(24)
        return group, group * draw.pick((1, 1, 2)), group
    return group * draw.channels(36 // group), group * draw.channels(36 // group), group


@layer("Convolution")
def convolution(draw: Draw) -> Made:
    inputs, outputs, group = grouped(draw)
    words, least = window(draw)
    knobs = ()
    if draw.chance(0.3):  # as if it were worth it for so few numbers
        words = f"kernel_size: {draw.pick((3, 5))} pad: {draw.integer(0, 2)}"
        least = [5, 5]
        draw.kind = draw.pick(("normal", "small", "shifted"))  # whole numbers do not stay exact
        knobs = ((winograd, "rule", by_winograd), (winograd_pieces, "PIECE", draw.pick((1, 9000))))
    count = draw.pick((1, 1, 1, 2))
    shape = (draw.integer(1, 4), inputs, *(n + draw.integer(0, 8) for n in least))
    if draw.chance(0.1) and not knobs:  # of other ranks, which the reference kernels do
        words, shape = "kernel_size: 2 pad: 1", shape[:2] + shape[2:] * draw.pick((0, 1)) + (3,)
    body = (f"convolution_param {{ num_output: {outputs} group: {group} {words} {FILLERS} "
            f"bias_term: {str(draw.chance(0.7)).lower()} }}")
    return Made(body, [Bottom(shape)] * count, tops=count, knobs=knobs,
                terms=max(25 * max(inputs, outputs), math.prod(shape) // inputs))


def by_winograd(spec, on_avx2: bool) -> list[str]:
    return list(winograd.DIRECTIONS) if winograd.applies(spec) else []


@layer("Deconvolution")
def deconvolution(draw: Draw) -> Made:
    inputs, outputs, group = grouped(draw)
    kernel = draw.pair(1, 5)
    pad = tuple(min(draw.integer(0, 2), (k - 1) // 2) for k in kernel)
    words = f"{sides('kernel', kernel)} {sides('stride', draw.pair(1, 3))} " + (
        f"pad_h: {pad[0]} pad_w: {pad[1]}")
    shape = (draw.integer(1, 3), inputs, *draw.pair(1, 6))
    return Made(f"convolution_param {{ num_output: {outputs} group: {group} {words} {FILLERS} "
                f"bias_term: {str(draw.chance(0.7)).lower()} }}", [Bottom(shape)],
                terms=max(25 * max(inputs, outputs), 9 * math.prod(shape) // inputs))


@layer("Pooling")
def pooling(draw: Draw) -> Made:
    shape = draw.images(2000, side=16)
    method = draw.pick(("MAX", "MAX", "AVE", "AVE", "STOCHASTIC"))
    kind = "positive" if method == "STOCHASTIC" else None
    words = f"pool: {method} "
    if draw.chance(0.15):
        words += "global_pooling: true"
    else:
        kernel = tuple(min(draw.integer(1, 5), size + 1) for size in shape[2:])
        pad = (0, 0)
        if draw.chance(0.6) and method != "STOCHASTIC":
            pad = tuple(draw.integer(0, k - 1) for k in kernel)
        kernel = tuple(min(k, s + 2 * p) for k, s, p in zip(kernel, shape[2:], pad, strict=True))
        pad = tuple(min(p, k - 1) for p, k in zip(pad, kernel, strict=True))
        kernel = tuple(min(k, s + 2 * p) for k, s, p in zip(kernel, shape[2:], pad, strict=True))
        stride = draw.pair(1, 3)
        pads = f"pad_h: {pad[0]} pad_w: {pad[1]} "
        if draw.chance(0.2) and method != "STOCHASTIC":  # words of forks
            kernel = tuple(min(k, s + p) for k, s, p in zip(kernel, shape[2:], pad, strict=True))
            pads = (f"pad_t: {pad[0]} pad_l: {pad[1]} pad_b: {draw.integer(0, kernel[0] - 1)} "
                    f"pad_r: {draw.integer(0, kernel[1] - 1)} ")
            words = words.replace("AVE", draw.pick(("AVE", "AVE_EXC_PAD")))
        words += (f"kernel_h: {kernel[0]} kernel_w: {kernel[1]} {pads}"
                  f"stride_h: {stride[0]} stride_w: {stride[1]} "
                  f"round_mode: {draw.pick(('CEIL', 'CEIL', 'FLOOR'))}")
    return Made(f"pooling_param {{ {words} }}", [Bottom(shape, kind)],
                tops=1 + (method == "MAX" and draw.chance(0.2)), terms=25,
                phases=("TEST",) if method == "STOCHASTIC" else Made.phases)  # draws have a type


def volume(draw: Draw, kernel: list[int], pad: list[int]) -> tuple[int, ...]:
    """Items, channels, and three axes that windows fit on."""
    return (draw.integer(1, 3), draw.channels(8),
            *(max(1, k - 2 * p) + draw.integer(0, 4) for k, p in zip(kernel, pad, strict=True)))


@layer("Convolution3D")
def convolution3d(draw: Draw) -> Made:
    (depth, size), (of_time, stride), (before, pad) = (
        draw.pair(1, 3), draw.pair(1, 2), draw.pair(0, 1))
    shape = volume(draw, [depth, size, size], [before, pad, pad])
    message = draw.pick(("convolution3d_param", "convolution_param"))
    return Made(f"{message} {{ num_output: {draw.channels(12)} kernel_depth: {depth} kernel_size: "
                f"{size} temporal_stride: {of_time} stride: {stride} temporal_pad: {before} "
                f"pad: {pad} {FILLERS} bias_term: {str(draw.chance(0.7)).lower()} }}",
                [Bottom(shape)], terms=max(27 * 12, math.prod(shape) // shape[1]))


@layer("Pooling3D")
def pooling3d(draw: Draw) -> Made:
    (depth, size), (of_time, stride) = draw.pair(1, 3), draw.pair(1, 3)
    before, pad = draw.integer(0, depth - 1), draw.integer(0, size - 1)
    shape = volume(draw, [depth, size, size], [before, pad, pad])
    return Made(f"{draw.pick(('pooling3d_param', 'pooling_param'))} {{ "
                f"pool: {draw.pick(('MAX', 'AVE'))} kernel_depth: {depth} kernel_size: {size} "
                f"temporal_stride: {of_time} stride: {stride} temporal_pad: {before} pad: {pad} }}",
                [Bottom(shape)], terms=27)


def dims(word: str, values: list[int]) -> str:
    return f"{word} {{ dim: {values} }} "


@layer("NdConvolution")
def nd_convolution(draw: Draw) -> Made:
    kernel, stride = [draw.integer(1, 3) for _ in "thw"], [draw.integer(1, 2) for _ in "thw"]
    shape = volume(draw, kernel, [0, 0, 0])
    return Made("convolution_param { " + dims("kernel_shape", kernel)
                + dims("stride_shape", stride)
                + f"num_output: {draw.channels(12)} {FILLERS} }}",
                [Bottom(shape)], terms=max(27 * 12, math.prod(shape) // shape[1]))


@layer("NdPooling")
def nd_pooling(draw: Draw) -> Made:
    kernel, stride = [draw.integer(1, 3) for _ in "thw"], [draw.integer(1, 2) for _ in "thw"]
    return Made(f"pooling_param {{ pool: {draw.pick(('MAX', 'AVE'))} "
                + dims("kernel_shape", kernel) + dims("stride_shape", stride) + "}",
                [Bottom(volume(draw, kernel, [0, 0, 0]))], terms=27)


@layer("LRN")
def lrn(draw: Draw) -> Made:
    size = draw.pick((1, 3, 5, 5, 7, 9))
    within = draw.chance(0.3)
    return Made(f"lrn_param {{ local_size: {size} alpha: {draw.pick((1.0, 1e-4, 2.0 * size))} "
                f"beta: {draw.pick((0.75, 0.75, 0.5))} k: {draw.pick((1, 1, 2))} norm_region: "
                f"{'WITHIN_CHANNEL' if within else 'ACROSS_CHANNELS'} }}",
                [Bottom(draw.images(2500, channels=90, side=8))], terms=size**2)


@layer("SPP")
def spp(draw: Draw) -> Made:
    n, c, h, w = draw.images(1500, channels=20)  # a gradient may be a sum of as many equal numbers
    return Made(f"spp_param {{ pyramid_height: {draw.integer(1, 3)} "
                f"pool: {draw.pick(('MAX', 'AVE'))} }}", [Bottom((n, c, h + 5, w + 5))],
                terms=9000)


@layer("Im2col")
def im2col(draw: Draw) -> Made:
    words, least = window(draw, 3)
    shape = (draw.integer(1, 3), draw.channels(12), *(n + draw.integer(0, 5) for n in least))
    return Made(f"convolution_param {{ {words} }}", [Bottom(shape)])


@layer("Crop")
def crop(draw: Draw) -> Made:
    n, c, h, w = draw.images(1500)
    axis = draw.pick((2, 3, 1))
    x = (n, c, h + 2, w + 2) if axis > 1 else (n, c + 2, h + 2, w + 2)
    small = (n, c, h, w)
    offsets = " ".join(f"offset: {draw.integer(0, a - b)}"
                       for a, b in list(zip(x, small, strict=True))[axis:])
    reference = (*x[:axis], *small[axis:])
    return Made(f"crop_param {{ axis: {axis} {offsets} }}", [Bottom(x), Bottom(reference)])
