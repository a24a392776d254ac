"""Layers of Caffe's forks for faces, and losses of forks."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer
from fuzz.layers_loss import normalized, not_sure, scores, weight


def rows(draw: Draw) -> tuple[tuple[int, int], int]:
    """N x D, and the number of classes; the numbers are not so large that the signs go."""
    if draw.kind == "large":
        draw.kind = "normal"
    return (draw.integer(1, 8), draw.integer(2, 12)), draw.integer(2, 9)


@layer("CenterLoss")
def center_loss(draw: Draw) -> Made:
    x, classes = rows(draw)
    return Made(f"{weight(draw)}center_loss_param {{ num_output: {classes} "
                f"center_filler {FILLER} }}",
                [Bottom(x), Bottom(x[:1], "labels", classes - 1)])


@layer("ChannelScale")
def channel_scale(draw: Draw) -> Made:
    n, c, h, w = draw.images(1500)
    words = " ".join(f"{word}: {str(draw.chance(0.8)).lower()}" for word in (
        "do_forward", "do_backward_feature", "do_backward_scale"))
    return Made(f"channel_scale_param {{ {words} }}", [Bottom((n, c, h, w)), Bottom((n, 1, h, w))])


@layer("LabelSpecificAdd")
def label_specific_add(draw: Draw) -> Made:
    x, _ = rows(draw)
    words = draw.pick(("bias: -0.35", "bias: 0.3 transform_test: true",
                       "bias_base: -0.1 bias_gamma: 0.5 bias_power: -0.7 bias_min: -0.5"))
    return Made(f"label_specific_add_param {{ {words} }}",
                [Bottom(x), Bottom(x[:1], "labels", x[1] - 1)], apart=True)


def margin(draw: Draw, field: str) -> Made:
    x, classes = rows(draw)
    type = draw.pick(("SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"))
    return Made(f"{field} {{ num_output: {classes} type: {type} base: {draw.number(0, 5)} "
                f"gamma: 0.1 power: 2 weight_filler {FILLER} }}",
                [Bottom(x, "normal"), Bottom(x[:1], "labels", classes - 1)], tops=2, open=False)


@layer("MarginInnerProduct")
def margin_inner_product(draw: Draw) -> Made:
    return margin(draw, "margin_inner_product_param")


@layer("LargeMarginInnerProduct")
def large_margin_inner_product(draw: Draw) -> Made:
    return margin(draw, "largemargin_inner_product_param")


@layer("TripletLoss")
def triplet_loss(draw: Draw) -> Made:
    x, _ = rows(draw)
    return Made(weight(draw), [Bottom(x)] * 3, apart=True)


@layer("FocalLoss")
def focal_loss(draw: Draw) -> Made:
    x, labels, classes = scores(draw)
    of_scores = draw.chance(0.4)
    if of_scores:
        not_sure(draw)
    return Made(f"{weight(draw)}{normalized(draw)} focal_loss_param {{ "
                f"gamma: {draw.pick((0, 0.5, 1, 2))} alpha: 0.4 }}",
                [Bottom(x), Bottom(x, "labels", 1) if of_scores else
                 Bottom(labels, "labels", classes - 1)], terms=1000 if of_scores else 100)


@layer("L1Loss")
def l1_loss(draw: Draw) -> Made:
    shape = draw.shape()
    return Made(weight(draw), [Bottom(shape, "normal"), Bottom(shape, "normal")], terms=4000)


@layer("L1Loss", "L1Loss of FlowNet layer")
def l1_loss_flow(draw: Draw) -> Made:
    shape = draw.images(1500)
    words = " ".join(f"{word}: {str(draw.chance()).lower()}" for word in (
        "l2_per_location", "l2_prescale_by_channels", "normalize_by_num_entries"))
    return Made(f"{weight(draw)}l1_loss_param {{ {words} }}",
                [Bottom(shape, "normal"), Bottom(shape, "normal")], terms=4000)


@layer("BatchReduction")
def batch_reduction(draw: Draw) -> Made:
    shape, levels, words = draw.shape(1500), "", draw.pick(("", "operation: MEAN"))
    while len(shape) < 2:
        shape = (*shape, 5)
    if draw.chance(0.3):
        shape, levels = (shape[0], 5, *shape[2:]), "level: 1 level: 2"
    elif draw.chance(0.3):
        words, draw.kind = f"operation: TOPK k: {draw.integer(1, shape[1])}", "normal"
    return Made(f"batch_reduction_param {{ {levels} reduction_param {{ axis: 1 {words} }} }}",
                [Bottom(shape)], apart="TOPK" in words, terms=max(shape))
