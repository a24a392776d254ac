"""Passes from tapes, on the CPU.

Finding out what to call with which arrays takes Python a tenth of a pass, and a third where there
is one small picture to look at. After a few passes the calls are taped (by the engine, see
Engine.taping), layer by layer as far as the tape has all of a layer's work (core.overheard).

Before a tape is played everything that it takes for granted is looked at (core.observe): shapes,
arrays, which memories are current where, which are zero, parameters that it has copies of. If that
no longer holds, the layers run by themselves, and after some passes are taped anew. Whoever looks
into the net between two layers (hooks, debug_info), or runs a part of it, has them run by
themselves, too. A backward pass is taped and played behind a forward pass from tapes alone, so that
what its layers find is the same each time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy.core.blob import Blob
from caffepy.core.calls import Calls, Hook
from caffepy.core.fusion import Fused
from caffepy.core.node import Node
from caffepy.core.observe import Terms, watched
from caffepy.core.overheard import Overheard
from caffepy.core.walk import Walk

if TYPE_CHECKING:
    from caffepy.core.net import Net

WARM_UP = 2  # passes before the first tape: kernels prepare themselves in them
MOST_IN_VAIN = 4  # recordings in a row of which none was played

Key = tuple[bool, ...]


class Stretch:
    """Neighbouring layers and the tape of their work.

    Args:
        units: their numbers, as Pass counts.
        nodes: all that these are.
    """

    def __init__(self, units: Sequence[int], nodes: Sequence[Node], tape: Any, terms: Terms
                 ) -> None:
        self.units, self.nodes = units, nodes
        self._tape, self._terms = tape, terms
        shaped, parameters = blobs_of(nodes), [b for node in nodes for b in node.layer.blobs]
        self._shaped = [blob.values for blob in shaped]
        self._shapes = [tensor.shape for tensor in self._shaped]
        self._tensors = [tensor for blob in (*shaped, *parameters)
                         for tensor in (blob.values, blob.grads)]
        self._memories = [tensor.memory for tensor in self._tensors]

    def holds(self) -> bool:
        """Whether the tape does what the layers would do."""
        return (self._tape.is_mine
                and [tensor.shape for tensor in self._shaped] == self._shapes
                and [tensor.memory for tensor in self._tensors] == self._memories
                and self._terms.hold())

    def play(self) -> None:
        """Do it."""
        self._terms.bring()
        self._tape.play()
        self._terms.leave()


Recording = list[Stretch | int]  # tapes, and the numbers of units that run by themselves


class Pass:
    """All layers in one direction, in units of what runs at a time: a layer, or several that run
    as one; a unit's number is that of its first layer.

    Args:
        engine: what tapes.
        units: in the order in which they run.
        nodes: gives the layers of a unit.
        run: does a unit; returns its part of the loss.
    """

    def __init__(self, engine: Any, units: Sequence[int], nodes: Callable[[int], list[Node]],
                 run: Callable[[int], float]) -> None:
        self._engine, self._units, self._run = engine, units, run
        self._nodes = {unit: nodes(unit) for unit in units}
        self._unfit = {unit for unit in units if not all(
            node.layer.recordable and not node.layer.always_reshape
            for node in self._nodes[unit])}
        # by what they found to be zero when they began: gradients that are overwritten, or added to
        self.recordings: dict[Key, Recording] = {}
        self.walked = 0  # passes since something changed
        self._in_vain = 0  # recordings that were made since one was played
        self._hopeless = False

    def ready(self, key: Key) -> bool:
        """Whether the next pass is for ``go``."""
        return key in self.recordings or not self._hopeless and (
            self.walked >= WARM_UP and self._in_vain <= MOST_IN_VAIN)

    def forget(self) -> None:
        """Begin anew."""
        self.recordings = {}
        self.walked = 0

    def go(self, key: Key) -> float:
        """From a recording, or make one on the way; returns the weighted loss."""
        recording = self.recordings.get(key)
        if recording is None:
            return self._record(key)
        loss = 0.0
        for item in recording:
            if isinstance(item, int):
                loss += self._run(item)
            elif item.holds():
                item.play()
                loss += sum(node.loss() for node in item.nodes if node.loss_terms)
                self._in_vain = 0
            else:
                self.forget()
                loss += sum(map(self._run, item.units))
        return loss

    def _record(self, key: Key) -> float:
        loss = 0.0
        recording: Recording = []
        unfit, todo = set(self._unfit), list(self._units)
        while todo:
            if todo[0] in self._unfit:
                loss += self._run(todo[0])
                recording.append(todo.pop(0))
                continue
            count = next((n for n, unit in enumerate(todo) if unit in self._unfit), len(todo))
            units, todo = todo[:count], todo[count:]
            stretch, here = self._tape(units, unfit)
            loss += here
            recording += [stretch] if stretch else units
        if unfit > self._unfit:
            self._unfit = unfit  # the next pass will make tapes without those
        elif any(isinstance(item, Stretch) for item in recording):
            self.recordings[key] = recording
            self._in_vain += 1
        else:
            self._hopeless = True
        return loss

    def _tape(self, units: list[int], unfit: set[int]) -> tuple[Stretch | None, float]:
        """Run these and tape it; those that cannot be are added to ``unfit``. Returns their loss,
        too."""
        nodes = [node for unit in units for node in self._nodes[unit]]
        blobs = [*blobs_of(nodes), *(blob for node in nodes for blob in node.layer.blobs)]
        loss = 0.0
        with self._engine.taping() as tape:
            if tape is None:
                unfit |= {*units}
                return None, sum(map(self._run, units))
            heard = Overheard(tape)
            with watched({t.memory for b in blobs for t in (b.values, b.grads)}, heard):
                for unit in units:
                    heard.begin(unit)
                    loss += self._run(unit)
        found = heard.judge()
        unfit |= found
        if found or not len(tape):
            return None, loss
        return Stretch(units, nodes, tape, heard.terms()), loss


class Taped(Walk):
    """Of one net: whole passes run from tapes, as far as they can. Parts of one are walked."""

    def __init__(self, net: Net, calls: Calls) -> None:
        super().__init__(net, calls)
        engine, count = net.context.engines[0], len(net.nodes)
        this = weakref.proxy(self)  # a circle would keep a deleted net's memory
        self._enabled = net.context.settings.graphs and not net.losses_change
        self._forward = Pass(
            engine, [i for i in range(count) if i not in self._member or i in self.fused],
            self._forward_nodes, lambda unit: this._run_forward(unit))
        whole = {number: fused for number, fused in self._member.items() if fused.whole}
        self._backward = Pass(
            engine, [i for i in reversed(range(count))
                     if (i == whole[i].numbers[-1] if i in whole else net.nodes[i].needs_backward)],
            self._backward_nodes, lambda unit: this._run_backward(unit))
        self._played = False  # whether the last forward came from tapes

    @property
    def taped(self) -> list[str]:
        """The names of the layers whose forward the next pass has on tape, if all stays as it
        is."""
        return [node.layer.name for recording in self._forward.recordings.values()
                for item in recording if isinstance(item, Stretch) for node in item.nodes]

    def forward(self, start: int, end: int) -> float:
        """See Walk."""
        net, this = self.net, self._forward
        self._played = False
        if (start, end) != (0, self._last) or not self._unseen(
                net.before_forward, net.after_forward):
            return super().forward(start, end)
        if not this.ready(()) or not this.recordings and any(
                node.shapes_changed for node in self._nodes):
            this.walked += 1
            return super().forward(start, end)
        if self.turns is not None:
            self.turns.forward(start, end)
        for fused in self.fused.values():
            fused.ran = True
        self._played = bool(this.recordings)
        return this.go(())

    def backward(self, start: int, end: int, layer_done: Hook | None = None) -> None:
        """See Walk."""
        net, this = self.net, self._backward
        if not self._played or (start, end) != (self._last, 0) or layer_done or not (
                self._unseen(net.before_backward, net.after_backward)):
            super().backward(start, end, layer_done)
            return
        key = tuple(parameter.blob.grads.is_zero for parameter in net.parameters)
        if not this.ready(key):
            this.walked += 1
            super().backward(start, end)
            return
        if self.turns is not None:
            self.turns.backward(0, self._last)
        this.go(key)

    def forget(self, changed: bool = False) -> None:
        """See Walk."""
        for each in (self._forward, self._backward):
            each.forget()
        self._played = False

    def reshape(self, node: Node) -> None:
        """See Walk."""
        super().reshape(node)
        if not node.layer.always_reshape:
            self.forget()

    def _unseen(self, *hooks: Sequence[Any]) -> bool:
        """Whether nobody looks into the net between two layers."""
        return self._enabled and not self.debug_info and not any(hooks)

    def _forward_nodes(self, unit: int) -> list[Node]:
        return self._nodes_of(self.fused.get(unit), unit)

    def _backward_nodes(self, unit: int) -> list[Node]:
        fused = self._member.get(unit)
        return self._nodes_of(fused if fused and fused.whole else None, unit)

    def _nodes_of(self, fused: Fused | None, unit: int) -> list[Node]:
        return [self._nodes[i] for i in (fused.numbers if fused else (unit,))]

    def _run_forward(self, unit: int) -> float:
        fused = self.fused.get(unit)
        if fused is None:
            return self.forward_layer(unit)
        self._forward_as_one(fused)
        return 0.0

    def _run_backward(self, unit: int) -> float:
        fused = self._member.get(unit)
        if fused is None or not fused.whole:
            self.backward_layer(unit)
        elif any(node.needs_backward for node in self._backward_nodes(unit)):
            fused.backward()
        return 0.0


def blobs_of(nodes: Sequence[Node]) -> list[Blob]:
    """What these layers read and write, each once."""
    return list({id(blob): blob for node in nodes for blob in (*node.bottoms, *node.tops)}.values())
