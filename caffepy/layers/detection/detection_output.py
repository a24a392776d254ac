"""DetectionOutput: what a detector found, out of what it predicts for each prior.

bottom  locations, N x (P L 4); probabilities, N x (P classes); the priors, of PriorBox; for
        RefineDet also the probabilities of its first stage, N x (P 2), and its locations
top     1 x 1 x K x 7, K detections: image, class, probability, xmin, ymin, xmax, ymax, by image,
        then class, then probability
param   detection_output_param { num_classes: 21 share_location: true background_label_id: 0
        nms_param { nms_threshold: 0.45 top_k: 400 eta: 1 } code_type: CENTER_SIZE
        keep_top_k: 200 confidence_threshold: 0.01 clip: false }, variance_encoded_in_target,
        save_output_param

Locations are decoded (L is 1 if they are shared, else the number of classes), and with OpenCV's
clip the boxes are cut to the picture. Of each class but the
background the top_k above confidence_threshold go on, and those that overlap a better one by more
than nms_threshold are suppressed; eta below 1 makes it stricter with each that stays, while it is
above 0.5. The keep_top_k best of an image remain. If nothing is found in any image there is one row
an image, of -1 but for the image. With save_output_param they are written to files as well, see
_saved.py. SSD's.

RefineDet's first stage moves the priors, and where its probability of an object is below
objectness_score there is background.
"""

from __future__ import annotations

import math

import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.detection import _boxes
from caffepy.layers.detection._saved import Saved

logger = log.get(__name__)


@register("DetectionOutput", dialect="ssd", param="detection_output_param")
class DetectionOutput(Layer):
    bottoms = "3-5"
    keeps = ()
    detects = True
    obeys = ("detection_output_param.clip",)
    on_host = True  # what is suppressed hangs on what was kept, so there is little to do at once

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p, nms = self.p, self.p.nms_param
        if not p.num_classes:
            self.fail("detection_output_param needs num_classes, the background counted in")
        if p.share_location and p.background_label_id == -1:
            self.fail("shared locations and no background do not go together, as in SSD's fork",
                      found="background_label_id: -1", fix="Set share_location: false.")
        if nms.nms_threshold < 0:
            self.fail("nms_threshold must not be negative", found=f"{nms.nms_threshold:g}")
        if not 0 < nms.eta <= 1:
            self.fail("eta must be above 0, and at most 1", found=f"{nms.eta:g}")
        if p.visualize:
            logger.warning("%s: nothing is shown on a screen here, visualize is passed over",
                           self.place_name)
        self.classes = p.num_classes
        self.loc_classes = 1 if p.share_location else self.classes
        self.threshold = p.confidence_threshold if p.HasField("confidence_threshold") else -math.inf
        self.top_k = nms.top_k if nms.HasField("top_k") else -1
        self.saved = Saved.of(self)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        priors, n = bottom[2].count // 8, bottom[0].shape[0]
        wanted = [("locations", priors * self.loc_classes * 4), ("probabilities",
                  priors * self.classes)]
        if not self.p.visualize:  # else the fourth is a picture
            wanted += [("priors", priors * 8), ("probabilities of the first stage", priors * 2),
                       ("locations of the first stage", priors * 4)]
        for i, (what, each) in enumerate(wanted[: len(bottom)]):
            if i != 2 and bottom[i].count != n * each:
                self.fail(f"there must be {each} {what} an image for {priors} priors",
                          kind=ShapeError, found=f"shape {bottom[i].shape}",
                          fix=_boxes.too_few_priors(each, bottom[i].count // max(n, 1)))
        top[0].reshape(1, 1, 1, 7)  # how many there are is known when they are found

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        n = bottom[0].shape[0]
        loc = self.read(bottom[0].values).reshape(n, -1, self.loc_classes, 4)
        conf = self.read(bottom[1].values).reshape(n, -1, self.classes)
        priors, variances = _boxes.priors_of(self.read(bottom[2].values))
        stage = [] if self.p.visualize else [self.read(b.values).reshape(n, len(priors), -1)
                                             for b in bottom[3:]]
        rows = []
        for i in range(n):
            scores, start = conf[i], priors
            if stage:
                scores = self.first_stage(scores, stage[0][i])
            if len(stage) > 1:
                start = self.decode(stage[1][i], priors, variances)
            rows.append(self.found(i, loc[i], scores, start, variances))
        found = np.concatenate(rows) if rows else np.empty((0, 7))
        if self.saved:
            self.saved.add(rows)
        if not len(found):
            logger.info("Couldn't find any detections")
            found = np.full((n, 7), -1.0)
            found[:, 0] = np.arange(n)
        top[0].reshape(1, 1, len(found), 7)
        self.overwrite(top[0].values)[...] = found

    def first_stage(self, scores: Array, objects: Array) -> Array:
        """RefineDet's: what its first stage holds for background, is."""
        scores = scores.copy()
        scores[objects[:, 1] < self.p.objectness_score] = [1] + [0] * (self.classes - 1)
        return scores

    def decode(self, loc: Array, priors: Array, variances: Array) -> Array:
        given = None if self.p.variance_encoded_in_target else variances
        return _boxes.decode(loc, priors, given, self.p.code_type)

    def found(self, image: int, loc: Array, scores: Array, priors: Array, variances: Array
              ) -> Array:
        """The rows of one image.

        Args:
            loc: P x L x 4.
            scores: P x classes.
        """
        above = scores > self.threshold
        if 0 <= self.p.background_label_id < self.classes:
            above[:, self.p.background_label_id] = False
        used = np.flatnonzero(above.any(1))
        above, scores = above[used], scores[used]
        boxes = self.decode(loc[used], priors[used, None], variances[used, None])
        if self.p.clip:
            boxes = boxes.clip(0, 1)
        classes = np.flatnonzero(above.any(0))
        best, there = self.candidates(above[:, classes], scores[:, classes])
        of_class = boxes[best, classes[:, None] if self.loc_classes > 1 else 0]
        there = _boxes.suppress_each(of_class, there, self.p.nms_param.nms_threshold,
                                     self.p.nms_param.eta)
        index, labels = best[there], classes[np.nonzero(there)[0]]
        if -1 < self.p.keep_top_k < len(index):
            best = np.sort(_boxes.best_first(scores[index, labels], self.p.keep_top_k))
            index, labels = index[best], labels[best]
        rows = np.empty((len(index), 7), boxes.dtype)
        rows[:, 0], rows[:, 1], rows[:, 2] = image, labels, scores[index, labels]
        rows[:, 3:] = boxes[index, labels if self.loc_classes > 1 else 0]
        return rows

    def candidates(self, above: Array, scores: Array) -> tuple[Array, Array]:
        """The rows of boxes to look at for each class, the best first, and which are any: both
        (classes, most of them). Arguments are (rows, classes)."""
        found = []
        for open_, score in zip(above.T, scores.T, strict=True):
            some = np.flatnonzero(open_)
            found.append(some[_boxes.best_first(score[some], self.top_k)])
        counts = np.array([len(some) for some in found], int)
        there = np.arange(counts.max(initial=0)) < counts[:, None]
        best = np.zeros(there.shape, np.intp)
        best[there] = np.concatenate(found) if found else 0
        return best, there
