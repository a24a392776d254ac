"""Runs the passes of a net on a GPU, from recorded graphs where that gives the same.

Launching a small kernel takes the host longer than the device needs to run it. So after a few
passes the work that layers queue is recorded into CUDA graphs, each of which is launched as one.

A pass (forward or backward) then is a list of graphs and of layers that run by themselves: those
that are not ``recordable``, or that did while being recorded what a replay could not repeat.
Before a graph is launched everything that was taken for granted is looked at (see observe): shapes,
addresses, which memories are current where, which are zero. If it no longer holds, the layers run
by themselves, and after some passes are recorded anew. Whoever looks into the net between two
layers (hooks, debug_info) turns replays off while he does.

What a layer keeps from forward for its backward lies in memory of the recording. So the layers' own
backward may follow a replayed forward, but where their own forward has run, all recordings are
given up.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory, Tensor
from caffepy.core.observe import Missing, Observation, watched

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)

WARM_UP = 3  # passes before the first recording: kernels are compiled and measured in them
MOST_RECORDINGS = 16  # of one pass; a net in which everything changes always is not worth more
SWITCH = "CAFFEPY_GRAPHS"  # 0: never record


class Graph:
    """Recorded work of neighbouring layers.

    Args:
        layers: by number.
        moved: by how much each one's position moves in a pass.
        tensors: all that the layers were given, in the shapes and memories of now.
        observation: what the work did to memories.
        launch: queues the work.
    """

    def __init__(
        self, layers: dict[int, Layer], moved: list[int], tensors: list[Tensor],
        observation: Observation, launch: Callable[[], None],
    ) -> None:
        self.numbers = list(layers)
        self._counters = [
            (layer, by) for layer, by in zip(layers.values(), moved, strict=True)
            if by or type(layer).before_replay is not Layer.before_replay]
        self._tensors = [(tensor, tensor.shape, tensor.memory) for tensor in tensors]
        self._terms = observation.terms()
        self._launch = launch

    def holds(self) -> bool:
        """Whether a replay would do what the layers would do."""
        return all(tensor.shape == shape and tensor.memory is memory
                   for tensor, shape, memory in self._tensors) and self._terms.hold()

    def replay(self) -> None:
        """Do it."""
        for layer, _ in self._counters:
            layer.before_replay()
        self._terms.bring()
        self._launch()
        self._terms.leave()
        for layer, by in self._counters:
            layer.position += by


Recording = list[Graph | int]  # graphs, and the numbers of layers that run by themselves


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
        # the first backward overwrites and the others add
        self.recordings: dict[tuple[bool, ...], Recording] = {}

    @property
    def ready(self) -> bool:
        """Whether the next pass may be recorded."""
        return self.done >= WARM_UP and self.made < MOST_RECORDINGS


class Recorder:
    """Of one net. ``forward`` and ``backward`` run all its layers."""

    def __init__(self, net: Net) -> None:
        self.net: Net = weakref.proxy(net)  # a circle would keep a deleted net's memory
        self.device = net.context.accelerator
        self.enabled = os.environ.get(SWITCH) != "0"
        self.cuts: frozenset[int] = frozenset()  # backward's graphs end with these layers
        # Layers that cannot be recorded, and why. If forward cannot, then backward is not either:
        # what it needs is in another place after each forward.
        self.refused: dict[int, str] = {}
        self._pool: Any = None  # where recorded work has its temporaries
        this, count = weakref.proxy(self), len(net.layers)
        self._forward = Pass(range(count), lambda i: this.net.run_layer(i),
                             lambda i: this._forward_alone(i))
        self._backward = Pass([i for i in reversed(range(count)) if net.needs_backward[i]],
                              lambda i: this.net.backward_layer(i),
                              lambda i: this._backward_alone(i))
        self._replayed = False  # whether the last forward ran from a recording

    # -- the two passes -------------------------------------------------------------------

    def forward(self) -> None:
        """Run all layers. The loss is left on the device."""
        net, this = self.net, self._forward
        if self._unseen(net.before_forward, net.after_forward) and (
                this.recordings or this.ready):
            self._replayed = True
            self._go(this, ())
            return
        self.forget()
        this.done += 1
        for i in this.order:
            net.call_hooks(net.before_forward, i)
            net.run_layer(i)
            net.call_hooks(net.after_forward, i)

    def backward(self) -> None:
        """Run all layers' gradients."""
        net, this = self.net, self._backward
        if self._replayed and self._unseen(net.before_backward, net.after_backward):
            zeros = tuple(p.blob.grads.is_zero for p in net.parameters)
            if zeros in this.recordings or this.ready:
                self._go(this, zeros)
                return
        this.done += 1
        for i in reversed(range(len(net.layers))):
            net.call_hooks(net.before_backward, i)
            if net.needs_backward[i]:
                net.backward_layer(i)
            net.call_hooks(net.after_backward, i)
            self._passed((i,))

    def forget(self, changed: bool = False) -> None:
        """Give all recordings up; if something has ``changed``, layers need to warm up again."""
        self._replayed = False
        for each in (self._forward, self._backward):
            each.recordings = {}
            if changed:
                each.done = 0

    def _unseen(self, *hooks: Sequence[Any]) -> bool:
        """Whether nobody looks into the net between two layers."""
        return self.enabled and not self.net.debug_info and not any(hooks)

    def _go(self, this: Pass, zeros: tuple[bool, ...]) -> None:
        recording = this.recordings.get(zeros)
        if recording is None:
            self._record(this, zeros)
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
            if this is self._backward:
                self._passed((item,) if isinstance(item, int) else item.numbers)

    def _passed(self, layers: Sequence[int]) -> None:
        """Backward is through with these layers."""
        if self.net.layer_done is not None:
            for i in layers:
                self.net.layer_done(i)

    # -- recording ------------------------------------------------------------------------

    def _record(self, this: Pass, zeros: tuple[bool, ...]) -> None:
        """Run a pass, and record it on the way."""
        recording: Recording = []
        todo = list(this.order)
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
            if this is self._backward:
                self._passed(done)
        this.made += 1
        if self._replayed:  # else a layer on the way has changed shapes
            this.recordings[zeros] = recording
            if this.made == 1:
                self._tell(this, recording)

    def _recordable(self, this: Pass, todo: list[int]) -> dict[int, Layer]:
        """The layers at the start of ``todo`` that can be recorded together."""
        wanted = {}
        for i in todo:
            layer = self.net.layers[i]
            if not layer.recordable or layer.always_reshape or i in self.refused \
                    or self.net.shapes_changed(i):
                break
            wanted[i] = layer
            if this is self._backward and i in self.cuts:
                break
        return wanted

    def _graph(self, this: Pass, layers: dict[int, Layer]) -> Graph | None:
        """The work of these layers; or None, and ``refused`` has one more.

        Nothing has happened afterwards: states and positions are what they were.
        """
        before = [layer.position for layer in layers.values()]
        for layer in layers.values():
            layer.before_replay()
        while True:
            number = next(iter(layers))
            graph: Graph | None = None
            failed: Exception | None = None
            with watched(self._memories(layers)) as observation:
                try:
                    with self._capture() as captured:
                        for number in layers:
                            this.alone(number)
                    moved = [layer.position - was
                             for layer, was in zip(layers.values(), before, strict=True)]
                    graph = Graph(layers, moved, self._tensors(layers), observation,
                                  self._launcher(captured[0]))
                except Exception as error:
                    failed = error
            observation.undo()
            for layer, was in zip(layers.values(), before, strict=True):
                layer.position = was
            if isinstance(failed, Missing):
                failed.bring()
                continue
            if failed:
                self.refused[number] = str(failed)
            return graph

    @contextlib.contextmanager
    def _capture(self) -> Iterator[list[Any]]:
        """What is queued inside runs into a graph, which the list has at the end."""
        device = self.device
        graphs: list[Any] = []
        self._pool = self._pool or device.xp.cuda.MemoryPool()
        device.stream.begin_capture()
        device.capturing = True
        try:
            with device.xp.cuda.using_allocator(self._pool.malloc):
                yield graphs
        except BaseException:
            with contextlib.suppress(Exception):  # the stream says that the capture is void
                device.stream.end_capture()
            raise
        else:
            graphs.append(device.stream.end_capture())
        finally:
            device.capturing = False

    def _launcher(self, graph: Any) -> Callable[[], None]:
        stream = self.device.stream
        return lambda: graph.launch(stream)

    def _forward_alone(self, i: int) -> None:
        net = self.net
        net.layers[i].forward(net.bottoms[i], net.tops[i])

    def _backward_alone(self, i: int) -> None:
        net = self.net
        net.layers[i].backward(net.tops[i], net.propagate_down[i], net.bottoms[i])

    def _memories(self, layers: dict[int, Layer]) -> set[SyncedMemory]:
        """All that these may touch: of the blobs, whoever's they are, and of layers' insides."""
        return {*(tensor.memory for tensor in self._tensors(layers)),
                *(self.net.context.mover.memories or ())}

    def _tensors(self, layers: dict[int, Layer]) -> list[Tensor]:
        net = self.net
        blobs = [blob for i, layer in layers.items()
                 for blob in (*net.bottoms[i], *net.tops[i], *layer.blobs)]
        return list({id(t): t for blob in blobs for t in (blob.values, blob.grads)}.values())

    def _tell(self, this: Pass, recording: Recording) -> None:
        """Say what runs from graphs and who does not."""
        net = self.net
        graphs = [item for item in recording if isinstance(item, Graph)]
        alone = [i for i in recording if isinstance(i, int) and not net.layers[i].data]
        logger.info("%s of net '%s' (%s): %d layers run from CUDA graphs (%d), %d by themselves",
                    "Forward" if this is self._forward else "Backward", net.name, net.label,
                    sum(len(graph.numbers) for graph in graphs), len(graphs), len(alone))
        for i in alone:
            logger.info("    %s runs by itself: %s", net.layers[i].place_name,
                        self.refused.get(i, "its work is not the same each time"))
