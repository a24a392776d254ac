"""Yolov3DetectionOutput: the boxes that YOLO v3 sees.

bottom  one grid for each group of masks, 1 x num_box (5 + num_classes) x H x W, of each box 4
        coordinates, objectness, classes
top     1 x 1 x K x 7, best first: 0, class + 1, score, xmin, ymin, xmax, ymax, as shares of the
        picture; without a box one row of -1 for each picture, with its number first
param   yolov3_detection_output_param { num_classes: 20 num_box: 3 confidence_threshold: 0.01
        nms_threshold: 0.45 biases: 20 biases: 24 anchors_scale: 32 anchors_scale: 16
        mask_group_num: 2 mask: 3 mask: 4 mask: 5 mask: 0 mask: 1 mask: 2 }

x, y = (cell + sigmoid) / W and / H; width = exp bias / (W anchors_scale), height by H; which
biases a grid takes, its masks say. score = sigmoid(objectness) sigmoid(class); each class above
confidence_threshold is a box of its own. Those that overlap a better one, of whatever class, by
nms_threshold or more are dropped. MobileNet-YOLO's.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.yolo._cells import DetectionsOfCells, decode, sigmoid


@register("Yolov3DetectionOutput", dialect="yolo", param="yolov3_detection_output_param")
class Yolov3DetectionOutput(DetectionsOfCells):
    bottoms = "1+"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p, boxes = self.p, self.p.num_box
        if len(bottom) != p.mask_group_num or len(p.anchors_scale) < len(bottom):
            self.fail("there must be one bottom, and one anchors_scale, for each group of masks",
                      found=f"{len(bottom)} bottoms, mask_group_num {p.mask_group_num}, "
                            f"{len(p.anchors_scale)} anchors_scale")
        each = len(p.mask) // len(bottom)
        anchors = self.xp.asarray(list(p.biases)[: len(p.biases) // 2 * 2], self.dtype)
        anchors = anchors.reshape(-1, 2)
        if each < boxes or any(mask >= len(anchors) for mask in p.mask):
            self.fail("each box needs a mask, and each mask a width and a height in biases",
                      found=f"{boxes} boxes of {len(bottom)} groups, masks {list(p.mask)}, "
                            f"{len(p.biases)} biases")
        self.anchors = [anchors[list(p.mask)[i * each : i * each + boxes]]
                        for i in range(len(bottom))]

    def found(self, number: int, x: Array) -> tuple[Array, Array, Array]:
        xp = self.xp
        boxes = decode(xp, x, self.anchors[number], self.p.anchors_scale[number])
        scores = sigmoid(xp, x[:, :, 4:5]) * sigmoid(xp, x[:, :, 5:])
        n, b, c, y, z = xp.nonzero(scores > self.p.confidence_threshold)
        return boxes[n, b, :, y, z], scores[n, b, c, y, z], c
