"""Layers of Caffe's forks for light nets: depthwise convolutions, shuffles, scales by channel."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import Bottom, Made, layer
from fuzz.layers_neuron import plain
from fuzz.layers_vision import FILLERS, window


def depthwise(draw: Draw, group: bool) -> Made:
    words, least = window(draw)
    channels = draw.channels(24)
    words += f" group: {channels}" * group
    shape = (draw.integer(1, 4), channels, *(n + draw.integer(0, 8) for n in least))
    return Made(f"convolution_param {{ num_output: {channels} {words} {FILLERS} "
                f"bias_term: {str(draw.chance(0.7)).lower()} }}", [Bottom(shape)], terms=1500)


@layer("DepthwiseConvolution")
def depthwise_convolution(draw: Draw) -> Made:
    return depthwise(draw, True)


@layer("ConvolutionDepthwise")
def convolution_depthwise(draw: Draw) -> Made:
    return depthwise(draw, False)


@layer("ShuffleChannel")
def shuffle_channel(draw: Draw) -> Made:
    group, (n, c, h, w) = draw.integer(1, 4), draw.images(1500, 12)
    return Made(f"shuffle_channel_param {{ group: {group} }}", [Bottom((n, group * c, h, w))])


@layer("Axpy")
def axpy(draw: Draw) -> Made:
    n, c, h, w = draw.images(2000)
    scale = (n, c) if draw.chance(0.3) else (n, c, 1, 1)
    return Made("", [Bottom(scale), Bottom((n, c, h, w)), Bottom((n, c, h, w))], terms=h * w)


plain("ReLU6", None, "", "relu6_param { negative_slope: {} }", most=100)
plain("HardSigmoid", None, "", "hard_sigmoid_param { alpha: {} beta: {} }", most=100)
plain("HardSwish", most=100)
plain("Mish")


@layer("Flip")
def flip(draw: Draw) -> Made:
    words = [f"{side}: {str(draw.chance()).lower()}" for side in ("flip_width", "flip_height")]
    return Made(f"flip_param {{ {' '.join(words)} }}", [Bottom(draw.images(1500))])


@layer("Reorg")
def reorg(draw: Draw) -> Made:
    s, (n, c, h, w) = draw.integer(1, 3), draw.images(400, 6, 5)
    reverse = str(draw.chance()).lower()
    return Made(f"reorg_param {{ stride: {s} reverse: {reverse} }}",
                [Bottom((n, c * s * s, h * s, w * s))])


@layer("SpatialDropout")
def spatial_dropout(draw: Draw) -> Made:
    return Made("dropout_param { dropout_ratio: 0.3 }", [Bottom(draw.images(2000))])


@layer("Gather")
def gather(draw: Draw) -> Made:
    return Made("", [Bottom(draw.shape(1000)), Bottom(draw.shape(1000))], tops=2)


@layer("Scatter")
def scatter(draw: Draw) -> Made:
    return Made("", [Bottom(draw.shape(1000))])
