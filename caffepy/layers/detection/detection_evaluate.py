"""DetectionEvaluate: which detections are right.

bottom  detections, 1 x 1 x K x 7, as of DetectionOutput; the true boxes, 1 x 1 x G x 8: image,
        class, number, xmin, ymin, xmax, ymax, difficult; they end at the first row of image -1
top     1 x 1 x M x 5: first for each class but the background a row -1, class, number of its true
        boxes, -1, -1; then for each detection image, class, score, right, wrong
param   detection_evaluate_param { num_classes: 21 background_label_id: 0 overlap_threshold: 0.5
        evaluate_difficult_gt: true name_size_file: "test_name_size.txt" }, resize_param

Detections come by image and class, the best first. One is right if the true box of its class that
it overlaps most overlaps it by overlap_threshold, and no better one had that box. Without
evaluate_difficult_gt difficult boxes are not counted, and what finds them is neither right nor
wrong. With a name_size_file (see _saved.py) boxes are compared in pixels of their pictures. SSD's.
What the rows of a test come to is told in _average_precision.py. There is no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import DataError, ShapeError
from caffepy.layers.detection import _boxes
from caffepy.layers.detection._average_precision import AveragePrecision
from caffepy.layers.detection._saved import in_pixels, names_and_sizes


@register("DetectionEvaluate", dialect="ssd", param="detection_evaluate_param")
class DetectionEvaluate(Layer):
    only_in_training = True
    scores = True
    bottoms = "2"
    labels = (1,)
    keeps = ()
    on_host = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if not p.num_classes:
            self.fail("detection_evaluate_param needs num_classes, the background counted in")
        if p.overlap_threshold <= 0:
            self.fail("overlap_threshold must be above 0", found=f"{p.overlap_threshold:g}")
        self.listed = names_and_sizes(self, p.name_size_file) if p.name_size_file else []
        self.at = 0  # the picture that comes next
        self.classes = [c for c in range(p.num_classes) if c != p.background_label_id]

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        for blob, columns, what in ((bottom[0], 7, "detections"), (bottom[1], 8, "true boxes")):
            if blob.ndim != 4 or blob.shape[:2] != (1, 1) or blob.shape[3] != columns:
                self.fail(f"{what} must come as 1 x 1 x any number x {columns}", kind=ShapeError,
                          found=f"shape {blob.shape}")
        top[0].reshape(1, 1, len(self.classes), 5)  # and as many as are found

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        found = self.read(bottom[0].values).reshape(-1, 7)
        truth = self.read(bottom[1].values).reshape(-1, 8)
        ends = np.flatnonzero(np.trunc(truth[:, 0]) == -1)
        truth = truth[: ends[0]] if len(ends) else truth
        for rows in (found, truth):
            if (np.trunc(rows[:, 1]) == self.p.background_label_id).any():
                self.fail("there is a box of the background's class", kind=DataError,
                          found=f"label {self.p.background_label_id}")
        counted = truth if self.p.evaluate_difficult_gt else truth[truth[:, 7] == 0]
        made = [np.array([[-1, c, (np.trunc(counted[:, 1]) == c).sum(), -1, -1]
                          for c in self.classes], found.dtype).reshape(-1, 5)]
        for image in np.unique(np.trunc(found[:, 0])):
            if image == -1:
                continue
            ours = found[np.trunc(found[:, 0]) == image]
            theirs = truth[np.trunc(truth[:, 0]) == image]
            for label in np.unique(np.trunc(ours[:, 1])):
                if label != -1:  # the row of an image in which nothing was found
                    made.append(self.judge(ours[np.trunc(ours[:, 1]) == label],
                                           theirs[np.trunc(theirs[:, 1]) == label]))
            if self.listed:
                self.at = (self.at + 1) % len(self.listed)
        rows = np.concatenate(made)
        top[0].reshape(1, 1, len(rows), 5)
        self.overwrite(top[0].values)[...] = rows

    def tally(self, param: Any) -> AveragePrecision:
        return AveragePrecision(param.ap_version)

    def judge(self, ours: Array, theirs: Array) -> Array:
        """The rows of one image and class."""
        rows = np.zeros((len(ours), 5), ours.dtype)
        if not len(theirs):  # as they came
            rows[:, :3], rows[:, 4] = ours[:, :3], 1
            return rows
        ours = ours[_boxes.best_first(ours[:, 2])]
        rows[:, :3] = ours[:, :3]
        boxes, true = ours[:, 3:7], theirs[:, 3:7]
        if self.listed:
            _, height, width = self.listed[self.at]
            resize = self.p.resize_param if self.p.HasField("resize_param") else None
            boxes, true = (in_pixels(each, height, width, resize) for each in (boxes, true))
        table = _boxes.overlaps(boxes[:, None], true, pixel=1 if self.listed else 0)
        nearest = table.argmax(1)
        hit = table.max(1) >= self.p.overlap_threshold
        first = np.zeros(len(ours), bool)  # the best of those that hit the same box
        at = np.flatnonzero(hit)
        first[at[np.unique(nearest[at], return_index=True)[1]]] = True
        counts = ~hit | self.p.evaluate_difficult_gt | (theirs[nearest, 7] == 0)
        rows[:, 3] = hit & first & counts
        rows[:, 4] = ~(hit & first) & counts
        return rows
