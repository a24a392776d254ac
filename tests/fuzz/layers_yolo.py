"""Layers of YOLO and of optical flow."""

from __future__ import annotations

import numpy as np

from fuzz.draw import Draw, Shape
from fuzz.layers import Bottom, Made, layer


@layer("YoloDetectionOutput")
def yolo_detection_output(draw: Draw) -> Made:
    side = draw.integer(1, 5)
    return Made("yolo_detection_output_param { num_classes: 3 num_box: 2 nms_threshold: 2 "
                "confidence_threshold: 0 biases: 0.7 biases: 0.9 biases: 2.4 biases: 2.7 }",
                [Bottom((1, 16, side, side), "normal", batch=None)], phases=("TEST",), apart=True,
                open=False)


@layer("Yolov3DetectionOutput")
def yolov3_detection_output(draw: Draw) -> Made:
    side = draw.integer(1, 5)
    return Made("yolov3_detection_output_param { num_classes: 3 num_box: 2 nms_threshold: 2 "
                "confidence_threshold: 0 biases: 20 biases: 30 biases: 50 biases: 40 "
                "mask_group_num: 1 mask: 0 mask: 1 anchors_scale: 16 }",
                [Bottom((1, 16, side, side), "normal", batch=None)], phases=("TEST",), apart=True,
                open=False)


@layer("ChannelNorm")
def channel_norm(draw: Draw) -> Made:
    return Made("", [Bottom(draw.images(1500), "positive")], terms=200)


@layer("FlowWarp")
def flow_warp(draw: Draw) -> Made:
    n, c, h, w = draw.images(800)
    draw.inexact()
    return Made("", [Bottom((n, c, h, w)), Bottom((n, 2, h, w), "normal")], apart=True)


@layer("Warp")
def warp(draw: Draw) -> Made:
    n, c, h, w = draw.images(800)
    return Made(f"warp_param {{ coordinates: {draw.pick(('RELATIVE', 'ABSOLUTE'))} }}",
                [Bottom((n, c, h, w)), Bottom((n, 2, h, w), "normal")], apart=True)


@layer("ExpMax")
def exp_max(draw: Draw) -> Made:
    if draw.kind == "large":
        draw.kind = "normal"
    return Made("", [Bottom(draw.images(1500))])


@layer("Grid")
def grid(draw: Draw) -> Made:
    return Made("", [Bottom(draw.images(800))])


class Truths(Bottom):
    """Rows of class, x, y, width and height, up to two for each picture."""

    def values(self, draw: Draw, shape: Shape) -> np.ndarray:
        rows = np.zeros((shape[0], shape[1] // 5, 5), np.float32)
        rows[:, :2] = draw.rng.uniform(0.1, 0.9, (shape[0], 2, 5))
        rows[:, :2, 0] = draw.rng.integers(0, 3, (shape[0], 2))
        return rows.reshape(shape)


def grids(draw: Draw, words: str) -> Made:
    n, side = draw.integer(1, 3), draw.integer(2, 5)
    return Made(words, [Bottom((n, 16, side, side), "normal"), Truths((n, 20), "truths")],
                apart=True, terms=1000)


@layer("Yolov3")
def yolov3(draw: Draw) -> Made:
    return grids(draw, "yolov3_param { num_class: 3 num: 2 mask: 0 mask: 1 anchors_scale: 32 "
                 f"use_logic_gradient: {str(draw.chance()).lower()} "
                 "biases: 20 biases: 30 biases: 70 biases: 40 biases: 90 biases: 99 thresh: 2 }")


@layer("RegionLoss")
def region_loss(draw: Draw) -> Made:
    return grids(draw, f"region_loss_param {{ num_class: 3 num: 2 rescore: {draw.integer(0, 1)} "
                 "biases: 0.5 biases: 0.6 biases: 1.2 biases: 0.9 biases: 1 biases: 2 biases: 2 "
                 "biases: 1 biases: 3 biases: 3 thresh: 2 }")


@layer("Resample")
def resample(draw: Draw) -> Made:
    draw.inexact()
    return Made(f"resample_param {{ type: {draw.pick(('NEAREST', 'LINEAR', 'CUBIC'))} "
                f"height: {draw.integer(1, 9)} width: {draw.integer(1, 9)} }}",
                [Bottom(draw.images(800))])


@layer("Correlation")
def correlation(draw: Draw) -> Made:
    shape, most = draw.images(300), draw.integer(0, 3)
    return Made(f"correlation_param {{ kernel_size: 1 max_displacement: {most} pad: {most} "
                f"stride_1: {draw.integer(1, 2)} stride_2: {draw.integer(1, 2)} }}",
                [Bottom(shape), Bottom(shape)], terms=shape[1] * 50)


@layer("Downsample")
def downsample(draw: Draw) -> Made:
    draw.inexact()
    return Made(f"downsample_param {{ top_height: {draw.integer(2, 9)} "
                f"top_width: {draw.integer(2, 9)} }}", [Bottom(draw.images(800))])


@layer("Mean")
def mean(draw: Draw) -> Made:
    shape = draw.images(800)
    values = " ".join(f"value: {draw.integer(-3, 3)}" for _ in range(draw.pick((1, shape[1]))))
    return Made(f"mean_param {{ operation: {draw.pick(('ADD', 'SUBTRACT'))} {values} "
                "mean_scale: 0.5 input_scale: 2 output_scale: 0.75 }", [Bottom(shape)])


@layer("DataAugmentation")
def data_augmentation(draw: Draw) -> Made:
    shape = draw.images(800)
    return Made(f"augmentation_param {{ crop_height: {draw.integer(1, shape[2])} "
                f"crop_width: {draw.integer(1, shape[3])} recompute_mean: 2 "
                f"mean_per_pixel: {str(draw.chance()).lower()} }}", [Bottom(shape)],
                phases=("TEST",), apart=True, open=False)
