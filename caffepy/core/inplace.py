"""Finds layers that, working in place, spoil what another layer's gradient needs.

The original trains on silently in that case, with wrong gradients. Layers declare what their
backward reads (``Layer.keeps``), so it can be seen before the first iteration.
"""

from __future__ import annotations

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory


def spoiled(
    layers: list[Layer],
    bottoms: list[list[Blob]],
    tops: list[list[Blob]],
    needs_backward: list[bool],
) -> list[tuple[Layer, Layer]]:
    """Pairs (layer whose gradient goes wrong, the next layer that changes its values in place).

    Split, Flatten and Reshape hand on the same memory, so memories are compared, not names. One
    walk from the end, which knows of each memory who changes it next.
    """
    found = []
    changer: dict[SyncedMemory, int] = {}
    sign_changer: dict[SyncedMemory, int] = {}  # the same, without those that keep all signs
    for i in reversed(range(len(layers))):
        layer = layers[i]
        if needs_backward[i]:
            # ReLU needs only which values are positive, and Dropout or another ReLU do not change
            # that where a gradient comes back
            after = sign_changer if "sign" in layer.keeps else changer
            spoilers = [after[m] for m in {b.values.memory for b in layer.kept(bottoms[i], tops[i])}
                        if m in after]
            if spoilers:
                found.append((layer, layers[min(spoilers)]))
        for memory in _changed(bottoms[i], tops[i]):
            changer[memory] = i
            if not layer.preserves_sign:
                sign_changer[memory] = i
    return found[::-1]


def _changed(bottom: list[Blob], top: list[Blob]) -> set[SyncedMemory]:
    return {t.values.memory for b, t in zip(bottom, top, strict=False) if b is t}
