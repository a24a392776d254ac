"""Finds layers that, working in place, spoil what another layer's gradient needs.

The original trains on silently in that case, with wrong gradients. Layers declare what their
backward reads (``Layer.keeps``), so it can be seen before the first iteration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory
from caffepy.core.node import Node


def spoiled(nodes: Sequence[Node]) -> Iterator[tuple[Layer, Layer]]:
    """Pairs (layer whose gradient goes wrong, later layer that changes its values in place).

    Split, Flatten and Reshape hand on the same memory, so memories are compared, not names.
    """
    for i, node in enumerate(nodes):
        if not node.needs_backward:
            continue
        kept = {blob.values.memory for blob in node.kept}
        for later in nodes[i + 1 :]:
            if kept & _changed(later) and not _harmless(node.layer, later.layer):
                yield node.layer, later.layer


def _changed(node: Node) -> set[SyncedMemory]:
    return {t.values.memory for b, t in zip(node.bottoms, node.tops, strict=False) if b is t}


def _harmless(layer: Layer, changer: Layer) -> bool:
    # ReLU needs only which values are positive, and Dropout or another ReLU do not change that
    # where a gradient comes back
    return "sign" in layer.keeps and changer.preserves_sign
