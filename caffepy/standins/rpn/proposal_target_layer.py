"""ProposalTargetLayer: of the proposals those to learn from, and what they are (Faster R-CNN).

bottom  rois, R x 5: 0, x1, y1, x2, y2; boxes of the objects, K x 5: x1, y1, x2, y2, class
top     rois taken, S x 5; their classes, S; targets of the deltas, inside weights and outside
        weights, S x 4C
param   param_str: "'num_classes': 21", C, background included

The objects' own boxes are proposals, too. BATCH_SIZE rois are drawn, all if it is -1 (R-FCN): at
most FG_FRACTION of them overlap an object by FG_THRESH or more, and the others by BG_THRESH_LO up
to BG_THRESH_HI. Targets are less BBOX_NORMALIZE_MEANS and divided by BBOX_NORMALIZE_STDS with
BBOX_NORMALIZE_TARGETS_PRECOMPUTED; they stand in the columns of their class, or with AGNOSTIC
(R-FCN, C = 2 whatever the classes) in the second four. With a BATCH_SIZE of -1, or AGNOSTIC, tops
have four axes, S x 5 x 1 x 1 and so on, as R-FCN's.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import DataError
from caffepy.layers.regions.boxes import deltas, table
from caffepy.standins import _rois
from caffepy.standins._layer import StandIn
from caffepy.standins.fast_rcnn.config import cfg


class ProposalTargetLayer(StandIn):
    bottoms = "2"
    tops = "5"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.classes: int = self.settings("num_classes")["num_classes"]
        width = 4 * self.classes
        for blob, shape in zip(top, ((1, 5), (1,), *[(1, width)] * 3), strict=True):
            blob.reshape(*_rois.shaped(shape, cfg.TRAIN))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        rois, objects = (blob.data.reshape(-1, 5) for blob in bottom)
        if rois[:, 0].any():
            self.fail("one picture at a time", kind=DataError,
                      found=f"rois of pictures up to {rois[:, 0].max():g}")
        if not cfg.TRAIN.AGNOSTIC and objects[:, 4].max(initial=0) >= self.classes:
            self.fail("an object's class is not below num_classes", kind=DataError,
                      found=f"{objects[:, 4].max():g}", allowed=f"1 to {self.classes - 1}")
        rois = np.vstack([rois, np.roll(objects, 1, 1) * [0, 1, 1, 1, 1]])
        for blob, values in zip(top, self._taken(rois, objects), strict=True):
            shape = _rois.shaped(values.shape, cfg.TRAIN)
            blob.reshape(*shape)
            blob.data[...] = values.reshape(shape)

    def _taken(self, rois: Array, objects: Array) -> tuple[Array, Array, Array, Array, Array]:
        settings = cfg.TRAIN
        overlaps = table(rois[:, 1:], objects[:, :4])
        most = np.inf if settings.BATCH_SIZE == -1 else settings.BATCH_SIZE
        taken, foreground = _rois.sampled(overlaps.max(1, initial=0), most, settings,
                                          self.random())
        if not len(taken):
            self.fail("no roi is foreground or background", kind=DataError,
                      found=f"{len(rois)} rois, {len(objects)} objects",
                      fix="Set cfg.TRAIN.BG_THRESH_LO to 0.")
        rois, labels, targets = rois[taken], np.zeros(len(taken)), np.zeros((len(taken), 4))
        if len(objects):
            nearest = objects[overlaps[taken].argmax(1)]
            labels[:foreground] = nearest[:foreground, 4]
            targets = deltas(rois[:, 1:].astype(np.float64), nearest[:, :4])
        if settings.BBOX_NORMALIZE_TARGETS_PRECOMPUTED:
            targets = ((targets - settings.BBOX_NORMALIZE_MEANS)
                       / np.asarray(settings.BBOX_NORMALIZE_STDS))
        targets, inside = _rois.spread(labels, targets, self.classes, settings)
        return rois, labels, targets, inside, inside > 0
