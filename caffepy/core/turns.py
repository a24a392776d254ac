"""Blobs that take turns: which of a net's values and gradients can share memory, and do.

In a net built with ``optimize=True`` a memory lives from its first writer to its last reader, and
memories whose lives do not overlap may share a lodging (core.lodging):

- Gradients, from the consumer's backward that writes them to the producer's that reads them.
- Values of a TEST net, from the producer's forward to the last consumer's. Backward is refused.
  A sum may lie where one of its terms does.
- Values of a TRAIN net that no backward reads again, as the layers declare (``Layer.keeps``).
  (In the TEST phase layers keep nothing beside and look at their blobs again; so a TEST net with
  force_backward shares gradients alone.)

Whatever is looked at from elsewhere, or is not surely overwritten in each pass, keeps a memory of
its own: inputs and what data layers bring, outputs, losses, parameters, and all that layers of
other people's making (Python, plug-ins) touch.

Lives depend on how layers are wired alone, not on shapes: a new batch size changes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from caffepy.core import fusion
from caffepy.core.blob import Blob
from caffepy.core.fusion import Fused
from caffepy.core.layer import Layer
from caffepy.core.lodging import Lodging
from caffepy.core.memory import SyncedMemory
from caffepy.core.timetable import Timetable
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.net import Net

Heirs = Mapping[SyncedMemory, SyncedMemory]  # to each the one whose room it takes over

NO_HEIRS: Heirs = {}


class Access(NamedTuple):
    """What a layer does to memories at a time of a pass."""

    time: int
    reads: list[SyncedMemory]
    writes: list[SyncedMemory]


class Life(NamedTuple):
    """The times between which a memory's numbers are wanted, both included."""

    memory: SyncedMemory
    first: int
    last: int

    def meets(self, other: Life) -> bool:
        """Whether both are wanted at one time."""
        return self.first <= other.last and other.first <= self.last


class Turns:
    """Of one net: who takes turns with whom. Times of forward are layers' numbers; those of
    backward count from the last layer.

    Attributes:
        forgets: backward cannot run, since forward keeps nothing for it.
        values, grads: the memories that share, in groups that have one lodging each.
    """

    def __init__(self, net: Net, fused: Iterable[Fused]) -> None:
        fused = list(fused)
        self.forgets = net.phase == caffe_pb2.TEST and not net.param.force_backward
        own = _own(net)
        self.values: list[list[Life]] = []
        self.grads: list[list[Life]] = []
        if self.forgets or net.phase == caffe_pb2.TRAIN:
            wanted = own if self.forgets else own | kept(net, fused)
            found = lives(forward_accesses(net, fused), wanted)
            self.values = groups(found, heirs(net, fused, found))
        if not self.forgets:
            fixed = {blob.grads.memory for blob in _own_blobs(net)}
            self.grads = groups(lives(backward_accesses(net, fused), fixed))
        self.lodgings = [
            Lodging((life.memory, f"{what} of blob '{names[life.memory]}'") for life in group)
            for what, shared, names in (
                ("values", self.values, _names(net, "values")),
                ("gradients", self.grads, _names(net, "grads")))
            for group in shared
        ]
        self._cuts_forward = _cuts(self.values)
        self._cuts_backward = _cuts(self.grads)
        self._next = [0, 0]  # the times at which forward and backward would go on

    def forward(self, start: int, end: int) -> None:
        """Layers ``start`` to ``end`` are about to run.

        Raises:
            ConfigError: what they read has been overwritten.
        """
        self._check(0, start, end, self._cuts_forward, "forward")

    def backward(self, start: int, end: int) -> None:
        """The same for gradients, by times.

        Raises:
            ConfigError: so have these, or forward kept nothing.
        """
        if self.forgets:
            raise ConfigError(
                "backward cannot run in a TEST net built with optimize=True, which keeps no "
                "values for it", fix="Build the net without optimize=True, or with "
                "force_backward: true.")
        self._check(1, start, end, self._cuts_backward, "backward")

    def _check(self, way: int, start: int, end: int, cuts: set[int], what: str) -> None:
        if start != self._next[way] and start in cuts:
            raise ConfigError(
                f"{what} cannot begin here: what it would read is not kept, since the net was "
                "built with optimize=True",
                fix="Begin where the last call ended, or build the net without optimize=True.")
        self._next[way] = end + 1


def forward_accesses(net: Net, fused: Iterable[Fused]) -> list[Access]:
    """Forward's, in order. Layers that can run as one run together, or each at its own time."""
    first = {number: f.numbers[0] for f in fused for number in f.numbers}
    found = []
    for node in net.nodes:
        reads = [blob.values.memory for blob in node.bottoms]
        writes = [blob.values.memory for blob in node.tops]
        i = node.number
        found += [Access(time, reads, writes) for time in {i, first.get(i, i)}]
    return sorted(found, key=lambda access: access.time)  # stable: within one time as they run


def backward_accesses(net: Net, fused: Iterable[Fused]) -> list[Access]:
    """Backward's, in order."""
    last = {number: f.numbers[-1] for f in fused if f.whole for number in f.numbers}
    count = len(net.nodes)
    found = []
    for node in reversed(net.nodes):
        if node.needs_backward:
            reads = [blob.grads.memory for blob in node.tops]
            writes = [blob.grads.memory for blob in node.wanted]
            i = node.number
            found += [Access(count - 1 - at, reads, writes) for at in {i, last.get(i, i)}]
    return sorted(found, key=lambda access: access.time)


def lives(accesses: Sequence[Access], kept: set[SyncedMemory]) -> list[Life]:
    """The lives of all memories that are written before they are read, but for those ``kept``."""
    found: dict[SyncedMemory, Life] = {}
    unborn: set[SyncedMemory] = set()
    for time, reads, writes in accesses:
        for memory in reads:
            if memory not in found:
                unborn.add(memory)
        for memory in (*reads, *writes):
            life = found.setdefault(memory, Life(memory, time, time))
            found[memory] = life._replace(last=max(life.last, time))
    return [life for memory, life in found.items()
            if memory not in kept and memory not in unborn
            # what somebody wrote while the net was built may count on being kept
            and memory.is_zero]


def heirs(net: Net, fused: Iterable[Fused], found: list[Life]) -> Heirs:
    """Those that can lie where another does that is read for the last time when they are written:
    see Fused.takes_over."""
    of = {life.memory: life for life in found}
    users = fusion.users_of(net)
    made: dict[SyncedMemory, SyncedMemory] = {}
    for f in fused:
        for given, heir in f.takes_over:
            life, memory = of.get(given.values.memory), heir.values.memory
            # who uses it last is of these layers, and who does before ran before them
            if life and memory in of and life.last in f.numbers and (
                    users[life.memory][-2] < f.numbers[0]):
                made[memory] = life.memory
    return made


def groups(found: list[Life], followed: Heirs = NO_HEIRS) -> list[list[Life]]:
    """Who shares a lodging: large ones first, each with the smallest that it never meets; heirs go
    where those are whom they follow."""
    families: list[list[Life]] = []
    of: dict[SyncedMemory, list[Life]] = {}
    for life in found:  # those who are followed come first
        if life.memory in followed:
            family = of[followed[life.memory]]
        else:
            families.append(family := [])
        family.append(life)
        of[life.memory] = family
    shared: list[list[Life]] = []
    table = Timetable(max((life.last for life in found), default=0) + 1)
    for family in sorted(families, key=lambda family: -max(life.memory.count for life in family)):
        first, last = family[0].first, max(life.last for life in family)
        free = (1 << len(shared)) - 1 & ~table.taken(first, last)
        number = free.bit_length() - 1 if free else len(shared)  # the last one: the smallest
        if number == len(shared):
            shared.append([])
        shared[number] += family
        table.take(number, first, last)
    return [group for group in shared if len(group) > 1]


def _cuts(shared: list[list[Life]]) -> set[int]:
    """Times before which something was written that is read from then on."""
    lives = [life for group in shared for life in group if life.last > life.first]
    # at each time, by how many more (or fewer) lives it is within than the time before
    steps = [0] * (max((life.last for life in lives), default=0) + 2)
    for life in lives:
        steps[life.first + 1] += 1
        steps[life.last + 1] -= 1
    return {time for time, count in enumerate(accumulate(steps)) if count}


def _foreign(layer: Layer) -> bool:
    return layer.opaque or layer.foreign


def _own_blobs(net: Net) -> Iterator[Blob]:
    """Blobs that somebody looks at or writes to beside the layers, or that may not be written."""
    for node in net.nodes:
        if not node.bottoms:
            yield from node.tops
        if _foreign(node.layer):
            yield from (*node.bottoms, *node.tops)
        yield from (blob for blob, _ in node.loss_terms)
    for name in net.output_names:
        yield net.blobs[name]


def _own(net: Net) -> set[SyncedMemory]:
    return {blob.values.memory for blob in _own_blobs(net)}


def kept(net: Net, fused: Iterable[Fused]) -> set[SyncedMemory]:
    """The values that backward reads."""
    found = [blob for f in fused if f.whole for blob in f.kept]
    for node in net.nodes:
        found += node.kept
    return {blob.values.memory for blob in found}


def _names(net: Net, side: str) -> dict[SyncedMemory, str]:
    """What to call a memory: the first blob's name."""
    found: dict[SyncedMemory, str] = {}
    for node in net.nodes:
        for name, blob in node.named_tops:
            found.setdefault(getattr(blob, side).memory, name)
    return found
