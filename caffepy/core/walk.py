"""Layer after layer, forward and backward: how a net runs on the CPU, and in parts on a GPU.

Where layers can run as one (see fusion) they do, unless somebody looks between them: a hook, or
debug_info.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from caffepy.core import footprint, fusion
from caffepy.core.fusion import Fused
from caffepy.core.turns import Turns

if TYPE_CHECKING:
    from caffepy.core.net import Net


class Walk:
    """Of one net. ``fused`` has what can run as one, by the number of the first layer; ``turns``
    which blobs share memory, if any may."""

    def __init__(self, net: Net) -> None:
        self.net: Net = weakref.proxy(net)  # a circle would keep a deleted net's memory
        self.fused = fusion.find(net)
        self._member = {number: f for f in self.fused.values() for number in f.numbers}
        # on a GPU recorded passes count on each memory's own addresses
        share = net.optimize and not net.context.accelerator
        self.turns = Turns(net, self.fused.values()) if share else None

    def forward(self, start: int, end: int) -> float:
        """Run layers ``start`` to ``end``, both included; returns their weighted loss."""
        net, loss = self.net, 0.0
        if self.turns is not None:
            self.turns.forward(start, end)
        alone = bool(net.debug_info or net.before_forward or net.after_forward)
        for i in range(start, end + 1):
            fused = self._member.get(i)
            if fused is not None:
                first, last = fused.numbers[0], fused.numbers[-1]
                if i == first:
                    fused.ran = not alone and last <= end
                    if fused.ran:
                        self._forward_as_one(fused)
                elif first < start:
                    fused.ran = False
                if fused.ran:
                    continue
            net.call_hooks(net.before_forward, i)
            loss += net.forward_layer(i)
            net.call_hooks(net.after_forward, i)
        return loss

    def _forward_as_one(self, fused: Fused) -> None:
        net = self.net
        for i in fused.numbers:
            if net.nodes[i].shapes_changed:
                net.reshape_layer(i)
        try:
            fused.forward()
        except MemoryError as error:
            net.nodes[fused.numbers[0]].layer.no_memory(error, footprint.advice(net))

    def backward(self, start: int, end: int) -> None:
        """Run the gradients of layers ``start`` down to ``end``, both included."""
        net = self.net
        if self.turns is not None:
            self.turns.backward(len(net.nodes) - 1 - start, len(net.nodes) - 1 - end)
        for i in range(start, end - 1, -1):
            net.call_hooks(net.before_backward, i)
            fused = self._member.get(i)
            if fused is None or not (fused.whole and fused.ran):
                if net.nodes[i].needs_backward:
                    net.backward_layer(i)
            elif fused.numbers[-1] > start or fused.numbers[0] < end:
                raise fusion.half([net.nodes[number].layer for number in fused.numbers])
            elif i == fused.numbers[-1] and any(net.nodes[n].needs_backward for n in fused.numbers):
                fused.backward()
            net.call_hooks(net.after_backward, i)
            if net.layer_done is not None:
                net.layer_done(i)
