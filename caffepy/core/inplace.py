"""Finds layers that, working in place, spoil what another layer's gradient needs.

The original trains on silently in that case, with wrong gradients. Layers declare what their
backward reads (``Layer.keeps``), so it can be seen before the first iteration.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory
from caffepy.core.node import Node


def spoiled(nodes: Sequence[Node]) -> list[tuple[Layer, Layer]]:
    """Pairs (layer whose gradient goes wrong, the next layer that changes its values in place).

    Split, Flatten and Reshape hand on the same memory, so memories are compared, not names. One
    walk from the end, which knows of each memory who changes it next.
    """
    found = []
    changer: dict[SyncedMemory, int] = {}
    sign_changer: dict[SyncedMemory, int] = {}  # the same, without those that keep all signs
    for node in reversed(nodes):
        layer = node.layer
        if node.needs_backward:
            # ReLU needs only which values are positive, and Dropout or another ReLU do not change
            # that where a gradient comes back
            after = sign_changer if "sign" in layer.keeps else changer
            kept = {blob.values.memory for blob in node.kept}
            if spoilers := [after[memory] for memory in kept if memory in after]:
                found.append((layer, nodes[min(spoilers)].layer))
        for memory in _changed(node):
            changer[memory] = node.number
            if not layer.preserves_sign:
                sign_changer[memory] = node.number
    return found[::-1]


def _changed(node: Node) -> set[SyncedMemory]:
    return {t.values.memory for b, t in zip(node.bottoms, node.tops, strict=False) if b is t}
