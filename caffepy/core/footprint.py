"""How much of a device's memory a net needs, and which batch would fit.

What counts: parameters and their gradients, the history of the update rule, all blobs, with
gradients where backward computes them, and pictures on their way up as bytes. What does not:
workspaces, copies in another order, and what the driver keeps for itself; MARGIN leaves room for
these.

In half precision a blob is counted in each number format in which some layer reads or writes it,
and a parameter in float32 and, where its layer works in half precision, in that too. This is an
estimate: which format a layer takes is judged by the layer as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caffepy import log
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.memory import SyncedMemory
    from caffepy.core.net import Net

logger = log.get(__name__)

MARGIN = 0.1  # of the device's memory
HALF = 2  # bytes of a number in half precision


@dataclass(frozen=True)
class Footprint:
    """Bytes. Those of ``blobs`` grow with ``batch``; ``fixed`` ones do not."""

    fixed: int
    blobs: int
    batch: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.fixed + self.blobs

    def batch_for(self, capacity: int) -> int:
        """The largest batch for which ``capacity`` bytes suffice, 0 if not even one item's fit.

        It divides the present batch, so that a whole multiple of iter_size makes up for it.
        """
        room = capacity * (1 - MARGIN) - self.fixed
        fitting = [size for size in range(1, self.batch + 1)
                   if self.batch % size == 0 and self.blobs / self.batch * size <= room]
        return max(fitting, default=0)


def of(net: Net, histories: int = 0) -> Footprint:
    """What the net needs, if its update rule keeps so many numbers for each parameter."""
    parameters, blobs = memories(net)
    learned = sum(parameter.count for parameter in net.parameters)
    sizes = formats(net)
    return Footprint(
        sum(m.count * sum(sizes[m]) for m in parameters)
        + histories * learned * net.dtype.itemsize,
        sum(m.count * sum(sizes[m]) for m in blobs)
        + sum(layer.device_bytes for layer in net.layers),
        batch_of(net),
    )


def formats(net: Net) -> dict[SyncedMemory, set[int]]:
    """The bytes that a number takes in each format in which a memory is held."""
    found: dict[SyncedMemory, set[int]] = {}
    for node in net.nodes:
        layer = node.layer
        half = layer.half is not None and (layer.stores_half or layer.device_bytes > 0)
        for blob in (*node.bottoms, *node.tops):
            for memory in (blob.values.memory, blob.grads.memory):
                found.setdefault(memory, set()).add(HALF if half else net.dtype.itemsize)
        for blob in layer.blobs:
            found.setdefault(blob.grads.memory, set()).add(net.dtype.itemsize)
            found.setdefault(blob.values.memory, set()).update(
                {HALF, net.dtype.itemsize} if half else {net.dtype.itemsize})
    return found


def memories(net: Net) -> tuple[set[SyncedMemory], set[SyncedMemory]]:
    """Those of the parameters, and those of the blobs; gradients in the TRAIN phase alone, and if
    backward computes them."""
    parameters: set[SyncedMemory] = set()
    blobs = {blob.values.memory for blob in net.blobs.values()}
    trained = net.phase == caffe_pb2.TRAIN and any(node.needs_backward for node in net.nodes)
    for blob in (blob for layer in net.layers for blob in layer.blobs):
        parameters.add(blob.values.memory)
        if trained:
            parameters.add(blob.grads.memory)
    for node in net.nodes:
        if node.needs_backward and trained:
            blobs.update(blob.grads.memory for blob in node.wanted)
    return parameters, blobs - parameters


def batch_of(net: Net) -> int:
    """The length of the first blob's first axis, 1 if it has none."""
    for node in net.nodes:
        for blob in node.tops:
            if blob.shape:
                return max(1, blob.shape[0])
    return 1


def capacity(nets: list[Net]) -> int:
    """Bytes of the device that these nets have already or can have."""
    xp = nets[0].context.accelerator.xp
    free = int(xp.cuda.runtime.memGetInfo()[0]) + int(xp.get_default_memory_pool().free_bytes())
    held = {memory for net in nets for part in memories(net) for memory in part}
    return free + sum(memory.device_nbytes for memory in held)


def report(nets: list[Net], histories: int) -> None:
    """Say what the nets (the first one learns) need on the device, and what there is."""
    device = nets[0].context.accelerator
    if device is None:
        return
    with nets[0].context.computing():
        whole = capacity(nets)
    first, *others = (of(net, histories if net is nets[0] else 0) for net in nets)
    shared = sum(other.blobs for other in others)  # their parameters are the first one's
    need = first.total + shared
    logger.info(
        "Memory on GPU %d: about %s needed (parameters, gradients and history %s; blobs at a "
        "batch of %d %s%s), %s there", device.index, size(need), size(first.fixed), first.batch,
        size(first.blobs), f"; test nets {size(shared)}" if shared else "", size(whole))
    if need > whole * (1 - MARGIN):
        logger.warning("This may be too much. %s", suggestion(first, whole - shared))


def suggestion(footprint: Footprint, room: int) -> str:
    """The sentence that names a batch for which ``room`` bytes suffice."""
    batch = footprint.batch_for(room)
    if batch == footprint.batch:
        return ("It should fit: other processes, or other nets of this one, may hold memory, "
                "which nvidia-smi shows.")
    if not batch:
        return "Not even a batch of 1 fits; the net itself must become smaller."
    return (f"A batch of {batch} fits; with {footprint.batch // batch} times the iter_size the "
            "training stays the same.")


def advice(net: Net) -> str | None:
    """What to do when the device's memory does not suffice; None for a net on the CPU."""
    if net.context.accelerator is None:
        return None
    footprint = of(net)
    whole = capacity([net])
    return (f"The net needs about {size(footprint.total)} at a batch of {footprint.batch}; GPU "
            f"{net.context.accelerator.index} has {size(whole)} for it. "
            f"{suggestion(footprint, whole)}")


def size(nbytes: int) -> str:
    """Such as ``1.5 GiB``."""
    if nbytes >= 2**30:
        return f"{nbytes / 2**30:.1f} GiB"
    return f"{nbytes / 2**20:.1f} MiB"
