"""Averaging a net's gradients over the workers, from the last layer to the first.

Gradients lie side by side, so they go in buckets of a few megabytes, whatever the layers' sizes.
With ``layer_wise_reduce`` a bucket starts as soon as backward has passed the first of its layers,
while backward goes on below. Without, or when a loop of one's own has not called ``layer_done``,
all buckets start in ``finish``, in the same order: workers may differ in this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caffepy.core.arena import Parameter
from caffepy.core.net import Net
from caffepy.parallel.base import Array, Communicator

BUCKET = 1 << 20  # numbers: 4 MB, at which MPI and NCCL come near their best speed


@dataclass
class Bucket:
    """A run of the arena, and the layer whose backward completes it."""

    start: int
    stop: int
    layer: int
    parameters: list[Parameter] = field(default_factory=list)


class Reducer:
    """Averages the gradients of a net, once an iteration."""

    def __init__(self, net: Net, communicator: Communicator) -> None:
        self.net = net
        self.communicator = communicator
        self._place = net.context.place  # where the arena is
        self._buckets: list[Bucket] | None = None
        self._grads: Array = None
        self._next = 0

    def begin(self, layer_wise: bool) -> None:
        """Before the first iteration: all begin with the parameters of worker 0.

        Args:
            layer_wise: ``layer_done`` will be called.
        """
        if self.communicator.size > 1:
            self.broadcast()
            if layer_wise:
                self.cut_recordings()

    def broadcast(self) -> None:
        """Give all workers the parameters of worker 0."""
        with self.net.public_call():
            for parameter in self.net.parameters:
                self.communicator.broadcast(parameter.blob.values.write(self._place))

    def cut_recordings(self) -> None:
        """End a GPU's recordings of backward where a bucket is complete: ``layer_done`` is called
        between two recordings, never inside of one."""
        self._cut(self.buckets)

    def layer_done(self, layer: int) -> None:
        """Backward has passed a layer: start to average the buckets that this completes."""
        if self.communicator.size == 1:
            return
        for bucket in self.buckets[self._next :]:
            if bucket.layer < layer:
                return
            self._start(bucket)

    def finish(self) -> None:
        """Start the buckets that have not been started, and wait until all are averaged."""
        if self.communicator.size == 1:
            return
        with self.net.public_call():
            for bucket in self.buckets[self._next :]:
                self._start(bucket)
            self._next = 0
            self.communicator.finish()

    @property
    def buckets(self) -> list[Bucket]:
        """The buckets in the order in which they are averaged."""
        if self._buckets is None:
            self._grads = self.net.arena.grads  # makes the arena, if it is not there yet
            self._buckets = plan(self.net.parameters, first_users(self.net))
            self._cut(self._buckets)  # so that a replay, too, ends where one is complete
        return self._buckets

    def _cut(self, buckets: Sequence[Bucket]) -> None:
        self.net.executor.cut_behind(bucket.layer for bucket in buckets)

    def _start(self, bucket: Bucket) -> None:
        for parameter in bucket.parameters:
            parameter.blob.grads.write(self._place)  # make it current in the arena
        self._next += 1
        self.communicator.start(self._grads[bucket.start : bucket.stop])


def first_users(net: Net) -> list[int | None]:
    """For each parameter the first layer that adds to its gradient, the last to do so in backward;
    None if nobody does: frozen layers' gradients are zero everywhere."""
    found: dict[int, int] = {}
    for node in reversed(net.nodes):
        if node.needs_backward:
            layer = node.layer
            for blob, learns in zip(layer.blobs, layer.param_propagate_down, strict=True):
                if learns:
                    found[id(blob.grads.memory)] = node.number
    return [found.get(id(parameter.blob.grads.memory)) for parameter in net.parameters]


def plan(
    parameters: Sequence[Parameter], layers: Sequence[int | None], size: int = BUCKET
) -> list[Bucket]:
    """Cut the arena into buckets of at least ``size`` numbers, last first.

    Args:
        layers: per parameter the layer that completes it, or None if it need not be averaged; such
            are left out, unless they are small and lie between others.
    """
    buckets: list[Bucket] = []
    for parameter, layer in zip(reversed(parameters), reversed(layers), strict=True):
        if layer is None or not parameter.count:
            continue
        start, stop = parameter.offset, parameter.offset + parameter.count
        last = buckets[-1] if buckets else None
        if last is None or last.stop - last.start >= size or last.start - stop > size:
            buckets.append(Bucket(start, stop, layer, [parameter]))
        else:
            last.start, last.layer = start, min(layer, last.layer)
            last.parameters.append(parameter)
    return buckets
