"""py-faster-rcnn's name for suppressing boxes."""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.layers.regions.boxes import kept


def nms(dets: Array, thresh: float, force_cpu: bool = False) -> list[int]:
    """Which of ``dets`` (n, 5: box and score) no better one covers by more than ``thresh``, the
    best first."""
    order = (-dets[:, 4]).argsort(kind="stable")
    return [int(i) for i in order[kept(dets[order, :4], thresh)]]
