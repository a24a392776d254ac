"""ProposalLayer: the boxes that are most likely objects (Faster R-CNN, Ren et al., 2015).

bottom  scores, 1 x 2A x H x W, of which the second half says object; deltas, 1 x 4A x H x W;
        height, width and scale of the picture
top     rois, R x 5: 0, x1, y1, x2, y2; optionally their scores, R x 1
param   param_str: "'feat_stride': 16"; R-FCN's also 'scales': [8, 16, 32]

Anchors are moved by their deltas and cut to the picture; boxes with a side below RPN_MIN_SIZE times
the scale go. Of the best RPN_PRE_NMS_TOP_N those stay that no better one covers by more than
RPN_NMS_THRESH, RPN_POST_NMS_TOP_N of them at most. All these are settings of the phase,
``cfg.TRAIN`` or ``cfg.TEST``; a number of 0 is no limit.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.errors import DataError, ShapeError
from caffepy.layers.regions.boxes import clipped, kept, moved
from caffepy.proto import caffe_pb2
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.rpn._anchored import Anchored


class ProposalLayer(Anchored):
    bottoms = "3"
    tops = "1-2"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        for blob, shape in zip(top, ((1, 5), (1, 1)), strict=False):
            blob.reshape(*shape)

    def example(self, index: int, bottom: Blobs, random: np.random.Generator) -> Array | None:
        """A picture as large as the cells together, and of that size from the start."""
        if index != 2:
            return None
        info = np.ones(bottom[2].shape)
        info.reshape(-1)[:2] = np.array(bottom[0].shape[2:]) * self.stride
        return info

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        boxes, scores = self._likely(bottom)
        rows = np.column_stack([np.zeros(len(boxes)), boxes])
        for blob, values in zip(top, (rows, scores[:, None]), strict=False):
            blob.reshape(*values.shape)
            blob.data[...] = values

    def _likely(self, bottom: Blobs) -> tuple[Array, Array]:
        """Boxes (R, 4) and their scores (R,)."""
        limits = cfg["TRAIN" if self.phase == caffe_pb2.TRAIN else "TEST"]
        height, width = self.cells(bottom, 2)
        info, deltas = self.info(bottom), bottom[1].data
        count = len(self.anchors)
        if deltas.shape != (1, 4 * count, height, width):
            self.fail("each anchor has 4 deltas", kind=ShapeError, found=f"shape {deltas.shape}",
                      allowed=(1, 4 * count, height, width))
        scores = bottom[0].data[0, count:].transpose(1, 2, 0).reshape(-1)
        boxes = self.everywhere(height, width).astype(deltas.dtype)
        boxes = moved(boxes, deltas[0].transpose(1, 2, 0).reshape(-1, 4))
        boxes = clipped(boxes, info[0], info[1])
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        large = np.flatnonzero((sides >= limits.RPN_MIN_SIZE * info[2]).all(1))
        best = large[(-scores[large]).argsort(kind="stable")]
        if limits.RPN_PRE_NMS_TOP_N > 0:
            best = best[: limits.RPN_PRE_NMS_TOP_N]
        if not len(best):
            self.fail("no box is as large as RPN_MIN_SIZE times the picture's scale",
                      kind=DataError, found=f"a picture of {info[0]:g} x {info[1]:g}",
                      allowed=f"sides of {limits.RPN_MIN_SIZE * info[2]:g} and more",
                      fix="Lower cfg.TRAIN.RPN_MIN_SIZE and cfg.TEST.RPN_MIN_SIZE.")
        best = best[kept(boxes[best], limits.RPN_NMS_THRESH, limits.RPN_POST_NMS_TOP_N or -1)]
        return boxes[best], scores[best]
