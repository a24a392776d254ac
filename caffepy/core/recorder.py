"""Runs the passes of a net on a GPU, from recorded graphs where that gives the same.

Launching a small kernel takes the host longer than the device needs to run it. So after a few
passes the work that layers queue is recorded into CUDA graphs, each of which is launched as one.

A pass (forward or backward) then is a list of graphs and of layers that run by themselves: those
that are not ``recordable``, or that did while being recorded what a replay could not repeat. To
backward may belong what is done behind it, such as a solver's update (see ``Sequel``): to a
recorder that is one more layer. So a training step whose layers can all be recorded is two
launches, forward's and that of backward with the update.

Before a graph is launched everything that was taken for granted is looked at (see observe): shapes,
addresses, which memories are current where, which are zero. If it no longer holds, the layers run
by themselves, and after some passes are recorded anew. Whoever looks into the net between two
layers (hooks, debug_info) turns replays off while he does.

What a layer keeps from forward for its backward lies in memory of the recording. So the layers' own
backward may follow a replayed forward, but where their own forward has run, all recordings are
given up.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core.calls import Calls, Hook
from caffepy.core.layer import Layer
from caffepy.core.memory import Tensor
from caffepy.core.node import Node
from caffepy.core.recording import Camera, Graph, Part, Refused, Sequel
from caffepy.core.walk import Walk

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)

WARM_UP = 3  # passes before the first recording: kernels are compiled and measured in them
MOST_RECORDINGS = 16  # of one pass; a net in which everything changes always is not worth more
SEQUEL = -1  # its number in a pass, where layers have theirs

Recording = list[Graph | int]  # graphs, and the numbers of layers that run by themselves
Key = tuple[int, ...]


class Pass:
    """All layers in one direction.

    Args:
        order: the numbers of the layers.
        run: does layer i, with all that goes with it.
        alone: does layer i and nothing else.
    """

    def __init__(
        self, order: Sequence[int], run: Callable[[int], None], alone: Callable[[int], None]
    ) -> None:
        self.order = order
        self.run = run
        self.alone = alone
        self.done = 0  # passes since something changed
        self.made = 0  # recordings, in all
        # of backward there is one for each set of gradients that begin as zeros, as with iter_size
        # the first backward overwrites and the others add; and for each kind of sequel, or 0
        self.recordings: dict[Key, Recording] = {}
        self.told: set[int] = set()  # with which kinds the log has told of a recording

    @property
    def ready(self) -> bool:
        """Whether the next pass may be recorded."""
        return self.done >= WARM_UP and self.made < MOST_RECORDINGS


class Recorder(Walk):
    """Of one net on a GPU: whole passes run from recordings. Parts of one are walked through."""

    def __init__(self, net: Net, calls: Calls) -> None:
        super().__init__(net, calls)
        self._camera = Camera(net.context.accelerator)
        self.enabled = net.context.settings.graphs
        self._cuts: frozenset[int] = frozenset()  # backward's graphs end with these layers
        # Layers that cannot be recorded, and why. If forward cannot, then backward is not either:
        # what it needs is in another place after each forward.
        self.refused: dict[int, str] = {}
        this, count = weakref.proxy(self), len(net.nodes)
        self._forward = Pass(range(count), lambda i: this.run_layer(i),
                             lambda i: this._forward_alone(i))
        self._backward = Pass([i for i in reversed(range(count)) if net.nodes[i].needs_backward],
                              lambda i: this._run_backward(i),
                              lambda i: this._backward_alone(i))
        self._replayed = False  # whether the last forward ran from a recording
        self._sequel: Sequel | None = None  # of the last backward
        self._followed = False  # whether a sequel has run by itself: it has to warm up, too

    # -- the two passes -------------------------------------------------------------------

    def whole_forward(self) -> float:
        """Run all layers; returns their weighted loss."""
        if self.net.losses_change:
            return super().whole_forward()
        self.launch_forward()
        return self.net.loss()

    def launch_forward(self) -> None:
        """Run all layers. The loss is left on the device."""
        net, this = self.net, self._forward
        if self._unseen(net.before_forward, net.after_forward) and (
                this.recordings or this.ready):
            self._replayed = True
            self._go(this, (0,))
            return
        self.forget()
        this.done += 1
        for i in this.order:
            self._calls.run(net.before_forward, i)
            self.run_layer(i)
            self._calls.run(net.after_forward, i)

    def launch_backward(self, sequel: Sequel | None = None, layer_done: Hook | None = None
                        ) -> None:
        """Run all layers' gradients, and what comes behind them."""
        net, this = self.net, self._backward
        self._sequel = sequel
        if self._replayed and self._unseen(net.before_backward, net.after_backward):
            key = (sequel.kind if sequel else 0, *(p.blob.grads.is_zero for p in net.parameters))
            if key in this.recordings or this.ready and (self._followed or not sequel):
                self._go(this, key, layer_done)
                return
        this.done += 1
        self.backward(self._last, 0, layer_done)
        if sequel:
            self._run_sequel()

    def forget(self, changed: bool = False) -> None:
        """Give all recordings up; if something has ``changed``, layers need to warm up again."""
        self._replayed = False
        for each in (self._forward, self._backward):
            each.recordings = {}
            if changed:
                each.done = 0

    def cut_behind(self, layers: Iterable[int]) -> None:
        """See Walk. Replays let go of the gradients of a piece as soon as it is done."""
        self._cuts = frozenset(layers)

    def forward_layer(self, i: int) -> float:
        """See Walk. What the layer keeps for backward replays would not have."""
        self.forget()
        return super().forward_layer(i)

    def reshape(self, node: Node) -> None:
        """See Walk."""
        super().reshape(node)
        if not node.layer.always_reshape:
            self.forget(changed=True)

    def _unseen(self, *hooks: Sequence[Any]) -> bool:
        """Whether nobody looks into the net between two layers."""
        return self.enabled and not self.debug_info and not any(hooks)

    def _go(self, this: Pass, key: Key, layer_done: Hook | None = None) -> None:
        recording = this.recordings.get(key)
        if recording is None:
            self._record(this, key, layer_done)
            return
        for item in recording:
            if isinstance(item, int):
                this.run(item)
            elif this.recordings and item.holds():
                item.replay()
            else:
                self.forget(changed=True)
                for i in item.numbers:
                    this.run(i)
            _passed((item,) if isinstance(item, int) else item.numbers, layer_done)

    def _run_sequel(self) -> None:
        assert self._sequel is not None
        self._sequel.before_replay()
        self._sequel.forward()
        self._followed = True

    # -- recording ------------------------------------------------------------------------

    def _record(self, this: Pass, key: Key, layer_done: Hook | None) -> None:
        """Run a pass, and record it on the way."""
        recording: Recording = []
        todo = [*this.order, SEQUEL] if key[0] else list(this.order)
        while todo:
            wanted = self._recordable(this, todo)
            graph = self._graph(this, wanted) if wanted else None
            if graph:
                graph.replay()
                recording.append(graph)
                done = todo[: len(wanted)]
            elif not wanted:
                this.run(todo[0])
                recording.append(todo[0])
                done = todo[:1]
            else:
                continue
            del todo[: len(done)]
            _passed(done, layer_done)
        this.made += 1
        if self._replayed:  # else a layer on the way has changed shapes
            this.recordings[key] = recording
            if key[0] not in this.told:
                self._tell(this, recording, bool(key[0]))
                this.told.add(key[0])

    def _part(self, i: int) -> Part:
        """The layer of that number, or the sequel."""
        if i != SEQUEL:
            return self._nodes[i].layer
        assert self._sequel is not None
        return self._sequel

    def _recordable(self, this: Pass, todo: list[int]) -> dict[int, Part]:
        """The layers at the start of ``todo`` that can be recorded together."""
        wanted: dict[int, Part] = {}
        for i in todo:
            part = self._part(i)
            if not part.recordable or i in self.refused or isinstance(part, Layer) and (
                    part.always_reshape or self._nodes[i].shapes_changed):
                break
            wanted[i] = part
            if this is self._backward and i in self._cuts:
                break
        return wanted

    def _graph(self, this: Pass, layers: dict[int, Part]) -> Graph | None:
        """The work of these layers; or None, and ``refused`` has one more."""
        tensors = self._tensors(layers)
        # all that these may touch: of the blobs, whoever's they are, and of layers' insides
        memories = {*(tensor.memory for tensor in tensors),
                    *(self.net.context.mover.memories or ())}
        try:
            return self._camera.record(layers, this.alone, tensors, memories)
        except Refused as refused:
            self.refused[refused.number] = str(refused)
            return None

    def _forward_alone(self, i: int) -> None:
        self._nodes[i].forward()

    def _run_backward(self, i: int) -> None:
        if i == SEQUEL:
            self._run_sequel()
        else:
            self.backward_layer(i)

    def _backward_alone(self, i: int) -> None:
        if i == SEQUEL:
            assert self._sequel is not None
            self._sequel.forward()
            return
        self._nodes[i].backward()

    def _tensors(self, layers: dict[int, Part]) -> list[Tensor]:
        found: list[Tensor] = []
        for i, part in layers.items():
            if isinstance(part, Layer):
                node = self._nodes[i]
                blobs = (*node.bottoms, *node.tops, *part.blobs)
                found += [tensor for blob in blobs for tensor in (blob.values, blob.grads)]
            else:
                found += part.tensors
        return list({id(tensor): tensor for tensor in found}.values())

    def _tell(self, this: Pass, recording: Recording, has_sequel: bool) -> None:
        """Say what runs from graphs and who does not."""
        net = self.net
        graphs = [item for item in recording if isinstance(item, Graph)]
        numbers = [i for graph in graphs for i in graph.numbers]
        alone = [i for i in recording if isinstance(i, int) and i != SEQUEL
                 and not self._nodes[i].layer.data]
        with_it = " and the update" if SEQUEL in numbers else ""
        logger.info("%s of net '%s' (%s): %d layers%s run from CUDA graphs (%d), %d by themselves",
                    "Forward" if this is self._forward else "Backward", net.name, net.label,
                    len(numbers) - (SEQUEL in numbers), with_it, len(graphs), len(alone))
        for i in alone:
            logger.info("    %s runs by itself: %s", self._nodes[i].layer.place_name,
                        self.refused.get(i, "its work is not the same each time"))
        if has_sequel and SEQUEL not in numbers:
            assert self._sequel is not None
            logger.info("    The update runs by itself: %s",
                        self.refused.get(SEQUEL, self._sequel.why_not))


def _passed(layers: Sequence[int], layer_done: Hook | None) -> None:
    """Backward is through with these layers."""
    if layer_done is not None:
        for i in layers:
            if i != SEQUEL:
                layer_done(i)
