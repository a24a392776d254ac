"""One CUDA graph: work of neighbouring layers, captured while they queue it, to be replayed.

Which layers go together and when a graph may stand for them is the recorder's to say.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from caffepy.core.layer import Layer
from caffepy.core.memory import SyncedMemory, Tensor
from caffepy.core.observe import Missing, Observation, watched


class Sequel(Protocol):
    """What is done with the gradients as soon as backward has made them.

    Attributes:
        recordable: whether ``forward`` queues the same work each time. See Layer.
        why_not: if it is not, why.
        kind: a number above 0: which of several pieces of work that is; each is recorded.
        tensors: all that it touches, in the shapes and memories of now.
        position: stays 0: of what changes from one time to the next the host tells the device in
            ``before_replay``.
    """

    position: int

    @property
    def recordable(self) -> bool: ...

    @property
    def why_not(self) -> str: ...

    @property
    def kind(self) -> int: ...

    @property
    def tensors(self) -> list[Tensor]: ...

    def before_replay(self) -> None:
        """The work is about to run, recorded or not: bring up to date what it reads on the device
        besides the tensors."""

    def forward(self) -> None:
        """Queue the work."""


Part = Layer | Sequel


class Graph:
    """Recorded work of neighbouring layers.

    Args:
        layers: by number; the sequel may be the last.
        moved: by how much each one's position moves in a pass.
        tensors: all that the layers were given, in the shapes and memories of now.
        observation: what the work did to memories.
        launch: queues the work.
    """

    def __init__(
        self, layers: Mapping[int, Part], moved: list[int], tensors: list[Tensor],
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


class Refused(Exception):
    """A layer did what no graph can hold.

    Args:
        number: the layer's.
        why: what CUDA, or who watched its memories, said.
    """

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


class Camera:
    """Makes graphs of what layers queue on a device."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self._pool: Any = None  # where recorded work has its temporaries

    def record(
        self, layers: Mapping[int, Part], run: Callable[[int], None], tensors: list[Tensor],
        memories: set[SyncedMemory],
    ) -> Graph:
        """The work of these layers. Nothing has happened afterwards: states and positions are
        what they were.

        Args:
            run: does layer i and nothing else.
            tensors: all that the layers are given.
            memories: all that they may touch.

        Raises:
            Refused: it cannot be recorded.
        """
        before = [layer.position for layer in layers.values()]
        for layer in layers.values():
            layer.before_replay()
        while True:
            number = next(iter(layers))
            graph: Graph | None = None
            failed: Exception | None = None
            with watched(memories) as observation:
                try:
                    with self._capture() as captured:
                        for number in layers:
                            run(number)
                    moved = [layer.position - was
                             for layer, was in zip(layers.values(), before, strict=True)]
                    graph = Graph(layers, moved, tensors, observation, self._launcher(captured[0]))
                except Exception as error:
                    failed = error
            observation.undo()
            for layer, was in zip(layers.values(), before, strict=True):
                layer.position = was
            if graph:
                return graph
            if not isinstance(failed, Missing):
                raise Refused(number, str(failed))
            failed.bring()

    @contextlib.contextmanager
    def _capture(self) -> Iterator[list[Any]]:
        """What is queued inside runs into a graph, which the list has at the end."""
        device = self.device
        graphs: list[Any] = []
        self._pool = self._pool or device.xp.cuda.MemoryPool()
        with _no_garbage_collected():
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


@contextlib.contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """What the collector destroys may wait for the whole device, which voids a capture."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
