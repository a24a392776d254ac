"""YoloDetectionOutput: the boxes that YOLO v2 sees.

bottom  x, 1 x num_box (5 + num_classes) x H x W, of each box 4 coordinates, objectness, classes;
        optionally another of another size
top     1 x 1 x K x 7, best first: 0, class + 1, score, xmin, ymin, xmax, ymax, as shares of the
        picture; without a box one row of -1 for each picture, with its number first
param   yolo_detection_output_param { num_classes: 20 num_box: 5 confidence_threshold: 0.01
        nms_threshold: 0.45 biases: 1.08 biases: 1.19 }

x, y = (cell + sigmoid) / W and / H; width, height = exp bias / W and / H; score =
sigmoid(objectness) times the best class of softmax. Of boxes at or above confidence_threshold
those that overlap a better one, of whatever class, by nms_threshold or more are dropped.
MobileNet-YOLO's.
side is the bottom's width, coords is 4, label_map_file is not read.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.yolo._cells import DetectionsOfCells, decode, sigmoid


@register("YoloDetectionOutput", dialect="yolo", param="yolo_detection_output_param")
class YoloDetectionOutput(DetectionsOfCells):
    bottoms = "1-2"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.p.coords != 4:
            self.fail("a box has 4 coordinates", found=f"coords: {self.p.coords}")
        if len(self.p.biases) < 2 * self.p.num_box:
            self.fail("each box needs a width and a height in biases",
                      found=f"{len(self.p.biases)} numbers for {self.p.num_box} boxes")
        self.anchors = self.xp.asarray(list(self.p.biases)[: 2 * self.p.num_box],
                                       self.dtype).reshape(-1, 2)

    def found(self, number: int, x: Array) -> tuple[Array, Array, Array]:
        xp = self.xp
        boxes = decode(xp, x, self.anchors)
        scores = x[:, :, 5:]
        scores = xp.exp(scores - scores.max(axis=2, keepdims=True))
        scores = scores / scores.sum(axis=2, keepdims=True)
        best = scores.argmax(axis=2)
        confidence = sigmoid(xp, x[:, :, 4]) * scores.max(axis=2)
        n, b, y, z = xp.nonzero(confidence >= self.p.confidence_threshold)
        return boxes[n, b, :, y, z], confidence[n, b, y, z], best[n, b, y, z]
