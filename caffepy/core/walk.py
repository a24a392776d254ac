"""Layer after layer, forward and backward: how a net runs on the CPU, and in parts on a GPU.

Where layers can run as one (see fusion) they do, unless somebody looks between them: a hook, or
debug_info. A recorder (see there) is a walk that has whole passes from recordings, where it can;
a net does not ask which of the two it has.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from caffepy.core import debug, footprint, fusion
from caffepy.core.assemble import seed_loss
from caffepy.core.calls import Calls, Hook
from caffepy.core.fusion import Fused
from caffepy.core.node import Node
from caffepy.core.recording import Sequel
from caffepy.core.turns import Turns

if TYPE_CHECKING:
    from caffepy.core.net import Net


class Walk:
    """Of one net.

    Args:
        net: the net, assembled.
        calls: those into it.

    Attributes:
        fused: what can run as one, by the number of the first layer.
        turns: which blobs share memory, if any may.
        debug_info: whether each layer's mean values are logged.
    """

    def __init__(self, net: Net, calls: Calls) -> None:
        self.net: Net = weakref.proxy(net)  # a circle would keep a deleted net's memory
        self.debug_info: bool = net.param.debug_info
        self.fused = fusion.find(net)
        self._nodes = net.nodes
        self._calls = calls
        self._last = len(net.nodes) - 1
        self._member = {number: f for f in self.fused.values() for number in f.numbers}
        # on a GPU recorded passes count on each memory's own addresses
        share = net.optimize and not net.context.accelerator
        self.turns = Turns(net, self.fused.values()) if share else None

    # -- whole passes ---------------------------------------------------------------------

    def whole_forward(self) -> float:
        """Run all layers; returns their weighted loss."""
        return self.forward(0, self._last)

    def launch_forward(self) -> None:
        """Run all layers without waiting for the loss."""
        self.forward(0, self._last)

    def launch_backward(self, sequel: Sequel | None = None, layer_done: Hook | None = None
                        ) -> None:
        """Run all layers' gradients, and then the sequel; see Net.launch_backward."""
        self.backward(self._last, 0, layer_done)
        if sequel is not None:
            sequel.before_replay()
            sequel.forward()

    def forget(self, changed: bool = False) -> None:
        """What was made for the next passes may not give the same any more.

        Args:
            changed: something of the net has changed.
        """

    def cut_behind(self, layers: Iterable[int]) -> None:
        """Let backward be in pieces, of which each ends with one of these layers: somebody takes
        gradients away there. A walk is in pieces already."""

    # -- some of the layers ---------------------------------------------------------------

    def forward(self, start: int, end: int) -> float:
        """Run layers ``start`` to ``end``, both included; returns their weighted loss."""
        net, loss = self.net, 0.0
        if self.turns is not None:
            self.turns.forward(start, end)
        before, after = net.before_forward, net.after_forward
        alone = bool(self.debug_info or before or after)
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
            self._calls.run(before, i)
            loss += self.forward_layer(i)
            self._calls.run(after, i)
        return loss

    def backward(self, start: int, end: int, layer_done: Hook | None = None) -> None:
        """Run the gradients of layers ``start`` down to ``end``, both included.

        Args:
            layer_done: see Net.launch_backward.
        """
        net, nodes = self.net, self._nodes
        if self.turns is not None:
            self.turns.backward(self._last - start, self._last - end)
        before, after = net.before_backward, net.after_backward
        for i in range(start, end - 1, -1):
            self._calls.run(before, i)
            fused = self._member.get(i)
            if fused is None or not (fused.whole and fused.ran):
                if nodes[i].needs_backward:
                    self.backward_layer(i)
            elif fused.numbers[-1] > start or fused.numbers[0] < end:
                raise fusion.half([nodes[number].layer for number in fused.numbers])
            elif i == fused.numbers[-1] and any(nodes[n].needs_backward for n in fused.numbers):
                fused.backward()
            self._calls.run(after, i)
            if layer_done is not None:
                layer_done(i)

    def _forward_as_one(self, fused: Fused) -> None:
        for i in fused.numbers:
            if self._nodes[i].shapes_changed:
                self.reshape(self._nodes[i])
        try:
            fused.forward()
        except MemoryError as error:
            layer = self._nodes[fused.numbers[0]].layer
            layer.no_memory(error, footprint.advice(self.net))

    # -- a layer --------------------------------------------------------------------------

    def forward_layer(self, i: int) -> float:
        """Reshape layer i if its bottoms changed shape, run it, return its weighted loss."""
        self.run_layer(i)
        node = self._nodes[i]
        return node.loss() if node.loss_terms else 0.0

    def run_layer(self, i: int) -> None:
        """As ``forward_layer``, but the loss is left where it is."""
        node = self._nodes[i]
        if node.layer.always_reshape or node.shapes_changed:
            self.reshape(node)
        try:
            node.forward()
        except MemoryError as error:
            node.layer.no_memory(error, footprint.advice(self.net))
        if self.debug_info:
            debug.forward(node)

    def backward_layer(self, i: int) -> None:
        """Run layer i's gradient."""
        node = self._nodes[i]
        try:
            node.backward()
        except MemoryError as error:
            node.layer.no_memory(error, footprint.advice(self.net))
        if self.debug_info:
            debug.backward(node, self.net.grad_scale())

    def reshape(self, node: Node) -> None:
        """Have a layer take the shapes of its bottoms."""
        changed = node.reshape()
        self._calls.look_again()  # layers may have begun to share memory
        for blob, weight in changed:
            seed_loss(blob, weight * self.net.grad_scale())
