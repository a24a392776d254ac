"""AnchorTargetLayer: what a region proposal network is to say of each anchor (Faster R-CNN).

bottom  scores, 1 x 2A x H x W, of which the shape counts; boxes of the objects, K x 5: x1, y1, x2,
        y2, class; height, width and scale of the picture; optionally the picture
top     labels, 1 x 1 x A H x W: 1 object, 0 background, -1 neither; targets of the deltas, inside
        weights and outside weights, 1 x 4A x H x W
param   param_str: "'feat_stride': 16"; also 'allowed_border': 0, and R-FCN's 'scales': [8, 16, 32]

Of the anchors that lie in the picture, those are objects that overlap a box by RPN_POSITIVE_OVERLAP
or more than all others do, and those background that overlap none by RPN_NEGATIVE_OVERLAP.
RPN_BATCHSIZE of them, drawn at random, keep their labels, at most RPN_FG_FRACTION of these objects.
Inside weights are RPN_BBOX_INSIDE_WEIGHTS for objects. Outside weights are 1 / all that count, or
by RPN_POSITIVE_WEIGHT p, p / objects and (1 - p) / background.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import ConfigError
from caffepy.layers.regions import boxes as arithmetic
from caffepy.standins.fast_rcnn.config import Settings, cfg
from caffepy.standins.rpn._anchored import Anchored


class AnchorTargetLayer(Anchored):
    bottoms = "3-4"
    tops = "4"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        self.border = self.given.get("allowed_border", 0)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        height, width = self.cells(bottom, 2)
        count = len(self.anchors)
        top[0].reshape(1, 1, count * height, width)
        for blob in top[1:]:
            blob.reshape(1, 4 * count, height, width)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        height, width = self.cells(bottom, 2)
        everywhere = self.everywhere(height, width)
        within = self._within(everywhere, self.info(bottom))
        columns = self._targets(everywhere[within], bottom[1].data.reshape(-1, 5))
        for blob, values, elsewhere in zip(top, columns, (-1, 0, 0, 0), strict=True):
            every = np.full((len(everywhere), *values.shape[1:]), elsewhere, np.float32)
            every[within] = values
            # from rows by cell and anchor to a map of channels
            blob.data[...] = every.reshape(height, width, -1).transpose(2, 0, 1).reshape(blob.shape)

    def _within(self, anchors: Array, info: Array) -> Array:
        low = (anchors[:, :2] >= -self.border).all(1)
        return np.flatnonzero(low & (anchors[:, 2:] < info[1::-1] + self.border).all(1))

    def _targets(self, anchors: Array, objects: Array) -> tuple[Array, Array, Array, Array]:
        """Labels (n,), targets, inside and outside weights (n, 4) of anchors (n, 4)."""
        settings = cfg.TRAIN
        overlaps = arithmetic.table(anchors, objects[:, :4])
        labels = self._sampled(_labels(overlaps, settings), settings)
        targets = np.zeros((len(anchors), 4))
        if overlaps.size:
            targets = arithmetic.deltas(anchors, objects[overlaps.argmax(1), :4])
        if settings.RPN_NORMALIZE_TARGETS:
            targets = (targets - settings.RPN_NORMALIZE_MEANS) / settings.RPN_NORMALIZE_STDS
        inside, outside = np.zeros((2, len(anchors), 4))
        positive, negative = labels == 1, labels == 0
        inside[positive] = settings.RPN_BBOX_INSIDE_WEIGHTS
        share = settings.RPN_POSITIVE_WEIGHT
        if share == 0 or share >= 1:
            self.fail("RPN_POSITIVE_WEIGHT is a share of 1, or below 0 for none",
                      kind=ConfigError, found=share)
        if share < 0:
            outside[labels >= 0] = 1 / max(1, (labels >= 0).sum())
        else:
            outside[positive] = share / max(1, positive.sum())
            outside[negative] = (1 - share) / max(1, negative.sum())
        return labels, targets, inside, outside

    def _sampled(self, labels: Array, settings: Settings) -> Array:
        """Labels of which some are -1 now, so that no more are left than wanted."""
        generator = self.random()
        most = int(settings.RPN_FG_FRACTION * settings.RPN_BATCHSIZE)
        for label in (1, 0):
            those = np.flatnonzero(labels == label)
            if len(those) > most:
                labels[generator.choice(those, len(those) - most, replace=False)] = -1
            most = settings.RPN_BATCHSIZE - int((labels == 1).sum())
        return labels


def _labels(overlaps: Array, settings: Settings) -> Array:
    """1, 0 or -1 for each anchor, by how far it overlaps objects, (n, k)."""
    labels = np.full(len(overlaps), -1, np.float32)
    most = overlaps.max(1, initial=0)
    background = most < settings.RPN_NEGATIVE_OVERLAP
    if not settings.RPN_CLOBBER_POSITIVES:
        labels[background] = 0
    # as in the original, an object that no anchor overlaps has all anchors for its nearest
    labels[(overlaps == overlaps.max(0, initial=0)).any(1)] = 1
    labels[most >= settings.RPN_POSITIVE_OVERLAP] = 1
    if settings.RPN_CLOBBER_POSITIVES:
        labels[background] = 0
    return labels
