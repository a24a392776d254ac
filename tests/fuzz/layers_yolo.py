"""Layers of YOLO and of optical flow."""

from __future__ import annotations

from fuzz.draw import Draw
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
    return Made("", [Bottom((n, c, h, w)), Bottom((n, 2, h, w), "normal")], apart=True)
