"""Finds layers that, working in place, spoil what another layer's gradient needs.

The original trains on silently in that case, with wrong gradients. Layers declare what their
backward reads (``Layer.keeps``), so it can be seen before the first iteration.
"""

from __future__ import annotations

from collections.abc import Iterator

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory


def spoiled(
    layers: list[Layer],
    bottoms: list[list[Blob]],
    tops: list[list[Blob]],
    needs_backward: list[bool],
) -> Iterator[tuple[Layer, Layer]]:
    """Pairs (layer whose gradient goes wrong, later layer that changes its values in place).

    Split, Flatten and Reshape hand on the same memory, so memories are compared, not names.
    """
    for i, layer in enumerate(layers):
        if not needs_backward[i]:
            continue
        kept = {blob.values.memory for blob in layer.kept(bottoms[i], tops[i])}
        for j in range(i + 1, len(layers)):
            if kept & _changed(bottoms[j], tops[j]) and not _harmless(layer, layers[j]):
                yield layer, layers[j]


def _changed(bottom: list[Blob], top: list[Blob]) -> set[SyncedMemory]:
    return {t.values.memory for b, t in zip(bottom, top, strict=False) if b is t}


def _harmless(layer: Layer, changer: Layer) -> bool:
    # ReLU needs only which values are positive, and Dropout or another ReLU do not change that
    # where a gradient comes back
    return "sign" in layer.keeps and changer.preserves_sign
