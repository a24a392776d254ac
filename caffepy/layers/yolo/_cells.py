"""YOLO's grids: boxes of cells, as darknet has them, and how much two of them overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.errors import ShapeError


def sigmoid(xp: Any, x: Array) -> Array:
    return 0.5 * xp.tanh(0.5 * x) + 0.5  # cannot overflow


def grid(layer: Layer, blob: Blob, boxes: int, classes: int) -> tuple[int, int, int, int, int]:
    """N, boxes, 5 + classes, H, W of a bottom N x boxes (5 + classes) x H x W."""
    if blob.ndim != 4 or blob.shape[1] != boxes * (5 + classes):
        layer.fail("the bottom does not fit the boxes", kind=ShapeError,
                   found=f"shape {blob.shape}",
                   allowed=f"{boxes * (5 + classes)} channels: {boxes} boxes of 4 coordinates, "
                           f"an objectness and {classes} classes")
    return blob.shape[0], boxes, 5 + classes, blob.shape[2], blob.shape[3]


def decode(xp: Any, x: Array, anchors: Array, scale: float = 1) -> Array:
    """The boxes of all cells, N x boxes x 4 x H x W: center, width and height, as shares of the
    picture.

    Args:
        x: N x boxes x 4 or more x H x W.
        anchors: boxes x 2, width and height; they fill the picture at H times ``scale``.
    """
    height, width = x.shape[3:]
    out = xp.empty_like(x[:, :, :4])
    out[:, :, 0] = (xp.arange(width) + sigmoid(xp, x[:, :, 0])) / width
    out[:, :, 1] = (xp.arange(height)[:, None] + sigmoid(xp, x[:, :, 1])) / height
    sizes = anchors.reshape(1, -1, 2, 1, 1)
    out[:, :, 2] = xp.exp(x[:, :, 2]) * sizes[:, :, 0] / (width * scale)
    out[:, :, 3] = xp.exp(x[:, :, 3]) * sizes[:, :, 1] / (height * scale)
    return out


def overlap(xp: Any, a: Array, b: Array) -> Array:
    """Intersection over union of boxes (center, width, height along the last axis)."""
    sides = [xp.minimum(a[..., k] + a[..., k + 2] / 2, b[..., k] + b[..., k + 2] / 2)
             - xp.maximum(a[..., k] - a[..., k + 2] / 2, b[..., k] - b[..., k + 2] / 2)
             for k in (0, 1)]
    both = xp.where((sides[0] < 0) | (sides[1] < 0), 0, sides[0] * sides[1])
    union = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - both
    return both / xp.where(union == 0, 1, union)


def suppress(xp: Any, boxes: Array, threshold: float) -> list[int]:
    """Which boxes, best first, overlap no kept one by ``threshold`` or more."""
    free = xp.ones(len(boxes), bool)
    kept = []
    for i in range(len(boxes)):
        if free[i]:
            kept.append(i)
            free[i + 1 :] &= overlap(xp, boxes[i], boxes[i + 1 :]) < threshold
    return kept


class DetectionsOfCells(Layer):
    """Base of the layers that give the boxes of grids, suppressed across classes."""

    detects = True
    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        for blob in bottom:
            grid(self, blob, self.p.num_box, self.p.num_classes)
        top[0].reshape(1, 1, 1, 7)

    def found(self, number: int, x: Array) -> tuple[Array, Array, Array]:
        """Of one bottom the candidates' boxes, M x 4, scores and classes."""
        raise NotImplementedError

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp = self.xp
        parts: Sequence[tuple[Array, Array, Array]] = [
            self.found(i, self.read(blob.values).reshape(
                grid(self, blob, self.p.num_box, self.p.num_classes)))
            for i, blob in enumerate(bottom)]
        boxes, scores, classes = (xp.concatenate(part) for part in zip(*parts, strict=True))
        order = xp.argsort(-scores, kind="stable")
        boxes, scores, classes = boxes[order], scores[order], classes[order]
        kept = suppress(xp, boxes, self.p.nms_threshold)
        if not kept:
            top[0].reshape(1, 1, bottom[0].shape[0], 7)
            rows = self.overwrite(top[0].values)[0, 0]
            rows[...] = -1
            rows[:, 0] = xp.arange(len(rows))
            return
        top[0].reshape(1, 1, len(kept), 7)
        rows = self.overwrite(top[0].values)[0, 0]
        rows[:, 0] = 0  # whichever picture it was
        rows[:, 1], rows[:, 2] = classes[kept] + 1, scores[kept]
        rows[:, 3:5] = boxes[kept, :2] - boxes[kept, 2:] / 2
        rows[:, 5:7] = boxes[kept, :2] + boxes[kept, 2:] / 2
