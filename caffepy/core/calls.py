"""Calls from outside into a net, and the views that a script may hold meanwhile.

``blob.data`` may be kept for hours. Before a call such views count as the newest values of their
memory, and after it they are brought up to date; between two layers, where a script's hooks run,
both happen as if outside of the call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.memory import Mover, SyncedMemory
from caffepy.core.node import Node

Hook = Callable[[int], None]


class Calls:
    """Those of one net.

    Args:
        blobs, nodes: the net's own, by name and in order; both may still grow.
        context: the net's.
    """

    def __init__(self, blobs: Mapping[str, Blob], nodes: Sequence[Node], context: Context
                 ) -> None:
        self._blobs = blobs
        self._nodes = nodes
        self._context = context
        self._found: set[SyncedMemory] | None = None
        self._movers: set[Mover] = set()
        self._depth = 0

    @contextlib.contextmanager
    def public(self) -> Iterator[None]:
        """Around every call from outside. Calls inside calls cost nothing."""
        if self._depth == 0:
            for memory in self._viewed():
                memory.host_is_newest()
        self._depth += 1
        try:
            with self._context.computing():
                try:
                    yield
                finally:
                    if self._depth == 1:
                        for memory in self._viewed():
                            memory.refresh_host()
        finally:
            self._depth -= 1

    def run(self, hooks: Sequence[Hook], i: int) -> None:
        """Run a script's code between two layers, of which the one it is told is ``i``."""
        if not hooks:
            return
        for memory in self._viewed():
            memory.refresh_host()
        depth, self._depth = self._depth, 0
        try:
            for hook in tuple(hooks):
                hook(i)
        finally:
            self._depth = depth
            for memory in self._viewed():
                memory.host_is_newest()

    def look_again(self) -> None:
        """Blobs have begun to share memory, or ended to."""
        self._found = None

    def _viewed(self) -> list[SyncedMemory]:
        """The memories of this net of which somebody holds a view."""
        if self._found is None:
            blobs = [*self._blobs.values(), *(b for node in self._nodes for b in node.layer.blobs)]
            self._found = {t.memory for b in blobs for t in (b.values, b.grads)}
            self._movers = {memory.mover for memory in self._found}  # nets may share parameters
        return [memory for mover in self._movers for memory in mover.pinned()
                if memory in self._found]
