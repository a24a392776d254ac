"""Layers that run as one, with fewer journeys through memory.

A layer says itself what it can take along (``Layer.fuse``); it is shown the chain of layers that
follow it, each the only reader of what the one before wrote. In every net a convolution takes along
an in-place ReLU behind it: ReLU overwrites the convolution's results anyway, so all blobs are as if
each layer had run by itself. What leaves blobs between the layers unwritten, or keeps backward from
starting between them, is for nets built with ``optimize=True``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.memory import Array, SyncedMemory
from caffepy.core.node import Node
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

LONGEST = 5  # convolution, batch normalization, scale, sum, ReLU
MOST_BOTTOMS = 2  # a sum of two blobs
IN_ORDER: Mapping[int, int] = {}


class Fused:
    """Stands for the layers ``numbers``, in order.

    Forward runs where the first of them would, backward where the last of them would.

    Attributes:
        whole: backward too runs for all of them together, if forward did. Else their own do.
        ran: whether the last forward went through here. Kept by core.walk.
        kept: the blobs of the net whose values ``backward`` reads.
        takes_over: pairs of blobs, one that is read and one that is written; the second may lie
            where the first does, if nobody wants that any more.
    """

    numbers: tuple[int, ...]
    whole = False
    ran = False
    kept: Sequence[Blob] = ()
    takes_over: Sequence[tuple[Blob, Blob]] = ()

    @property
    def detail(self) -> str:
        """What runs, for ``caffepy time``."""
        raise NotImplementedError

    def forward(self) -> None:
        """Compute what the layers would have."""
        raise NotImplementedError

    def backward(self) -> None:
        """The gradients of them all."""
        raise NotImplementedError


def find(net: Net) -> dict[int, Fused]:
    """What can run as one, by the number of the first layer."""
    found: dict[int, Fused] = {}
    if net.context.accelerator:
        return found  # kernels queue up there anyway, and whole passes are recorded
    # statistics fold into weights in the TEST phase, where backward would miss what they were
    optimize = net.optimize and not (net.phase == caffe_pb2.TEST and net.param.force_backward)
    users = users_of(net)
    times: dict[int, int] = {}  # with whom those run that do not run by themselves
    for node in net.nodes:
        if node.number not in times:
            chain = chain_from(node, net.nodes, users, optimize, times=times)
            fused = node.layer.fuse(chain, optimize) if len(chain) > 1 else None
            if fused:
                found[node.number] = fused
                times.update(dict.fromkeys(fused.numbers, node.number))
    return found


def users_of(net: Net) -> dict[SyncedMemory, list[int]]:
    """The numbers of the nodes that read or write each memory, in order."""
    users: dict[SyncedMemory, list[int]] = {}
    for node in net.nodes:
        for memory in {blob.values.memory for blob in (*node.bottoms, *node.tops)}:
            users.setdefault(memory, []).append(node.number)
    return users


def chain_from(
    node: Node, nodes: list[Node], users: dict[SyncedMemory, list[int]], optimize: bool,
    longest: int = LONGEST, times: Mapping[int, int] = IN_ORDER,
) -> list[Node]:
    """A layer and those behind it, as long as each hands a single blob to the next one alone. What
    these read besides must be there before the chain begins.

    Args:
        users: as ``users_of`` gives them.
        optimize: whether blobs between the layers may stay unwritten.
        times: by number, those nodes that run earlier, and with which node.
    """
    chain = [node]

    def is_there(blob: Blob) -> bool:
        """Whether it is read by the node as it was when the chain began."""
        memory, first = blob.values.memory, chain[0].number
        between = islice(users[memory], bisect_left(users[memory], first), None)
        for number in takewhile(lambda number: number < node.number, between):
            if times.get(number, number) >= first and any(
                    memory is top.values.memory for top in nodes[number].tops):
                return False
        return not any(memory is top.values.memory for top in node.tops)

    while len(chain) < longest and len(node.tops) == 1:
        readers = users[node.tops[0].values.memory]
        following = bisect_right(readers, node.number)  # they are in order
        if following == len(readers):
            break
        before, node = node, nodes[readers[following]]
        if len(node.tops) != 1 or len(node.bottoms) > MOST_BOTTOMS:
            break
        others = [blob for blob in node.bottoms if blob is not before.tops[0]]
        if len(others) != len(node.bottoms) - 1 or not all(is_there(blob) for blob in others):
            break
        # out of place the blob between stays unwritten: it must be nobody else's
        inside = {one.number for one in chain} | {node.number}
        if not node.in_place and not (optimize and inside.issuperset(readers)):
            break
        chain.append(node)
    return chain


def affine_of(layers: Sequence[Layer]) -> tuple[Array, Array]:
    """What layers that each have an ``affine`` do one after the other, as one of them would say."""
    factor, shift = np.ones(1), np.zeros(1)
    for layer in layers:
        affine = layer.affine()
        assert affine is not None  # it was, when the layers were chosen
        factor, shift = affine[0] * factor, affine[0] * shift + affine[1]
    return factor, shift


def half(layers: list[Layer]) -> ConfigError:
    """The error of a backward that begins or ends between layers that ran as one."""
    names = ", ".join(f"'{layer.name}'" for layer in layers)
    return ConfigError(
        f"backward cannot begin or end between layers that ran as one: {names}",
        fix="Begin and end elsewhere, or build the net without optimize=True.")
