"""Layers of nets that say something of each pixel, and forks' BN."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer


@layer("BN")
def bn(draw: Draw) -> Made:
    n, c, h, w = draw.images(2500)
    words = draw.pick((
        f"slope_filler {FILLER} bias_filler {FILLER} eps: 1e-2",
        "frozen: true eps: 1e-3",
        f"scale_filler {FILLER} shift_filler {FILLER} bn_mode: INFERENCE",
        "scale_filler { type: 'constant' value: 1 } var_eps: 1e-2",
    ))
    return Made(f"bn_param {{ {words} }}", [Bottom((max(n, 6), c, h, w), least=6)], terms=4000,
                phases=("TRAIN",))


@layer("Interp")
def interp(draw: Draw) -> Made:
    h, w = draw.integer(1, 20), draw.integer(1, 20)
    words = draw.pick((f"height: {h} width: {w}", f"zoom_factor: {draw.integer(1, 4)}",
                       f"shrink_factor: {draw.integer(1, 4)}"))
    n, c, h, w = draw.images(1500)
    pads = draw.integer(0, 1), draw.integer(0, 1)
    draw.inexact()
    return Made(f"interp_param {{ {words} pad_beg: {-pads[0]} pad_end: {-pads[1]} }}",
                [Bottom((n, c, h + sum(pads), w + sum(pads)))], terms=400)


@layer("Upsample")
def upsample(draw: Draw) -> Made:
    return Made(f"upsample_param {{ scale: {draw.integer(1, 3)} }}", [Bottom(draw.images(1000))])


@layer("Unpooling")
def unpooling(draw: Draw) -> Made:
    n, c, h, w = draw.images(600, side=6)
    kernel, stride = draw.pair(1, 3), draw.pair(1, 3)
    kind = draw.pick(("MAX", "AVE", "TILE"))
    size = [(k - 1) * s + 1 + draw.integer(0, 3) for k, s in zip((h, w), stride, strict=True)]
    return Made(f"unpooling_param {{ unpool: {kind} kernel_h: {kernel[0]} kernel_w: {kernel[1]} "
                f"stride_h: {stride[0]} stride_w: {stride[1]} unpool_h: {size[0]} "
                f"unpool_w: {size[1]} }}", [Bottom((n, c, h, w))])
