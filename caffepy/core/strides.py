"""Strides move up: pixels that nobody looks at are not computed, in nets for use.

ResNets halve their pictures with convolutions of 1 x 1 kernels and stride 2, which look at one
pixel in four. What such convolutions alone read needs no other pixels; so its own convolution takes
the stride over, and they keep none. On its way the stride goes through layers that compute each
pixel by itself, a sum with a branch that others read included, from which the pixels that count are
picked. The last block of each of ResNet-50's stages does a quarter of its work then.

Results are the same. The blobs between are smaller, so this is for nets built with
``optimize=True``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caffepy.core import graph, traits
from caffepy.core.window import SIZES, Window
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

Strides = tuple[int, ...]

NONE = (1, 1)


def moved(param: caffe_pb2.NetParameter) -> caffe_pb2.NetParameter:
    """The net with strides where they save most; the same net if there are none to move.

    Args:
        param: of the layers of a TEST phase, without splits.
    """
    if all(_skips(layer) == NONE for layer in param.layer):
        return param
    made = caffe_pb2.NetParameter()
    made.CopyFrom(param)
    net = _Reading(made)
    for i in reversed(range(len(made.layer))):
        for top in range(len(made.layer[i].top)):
            strides = net.wanted(i, top)
            if strides != NONE and net.can(i):
                for reader in net.readers(i, top):
                    _set_strides(made.layer[reader], NONE)
                net.give(i, strides)
    return net.with_picked()


def as_written(
    written: caffe_pb2.NetParameter, made: caffe_pb2.NetParameter
) -> list[caffe_pb2.LayerParameter | None]:
    """For each layer of ``made`` the layer that it was before strides moved; None for those that
    pick pixels. Both nets have their splits."""
    found: list[caffe_pb2.LayerParameter | None] = []
    before = list(written.layer)
    for layer in made.layer:
        is_there = bool(before) and layer.name == before[0].name
        found.append(before.pop(0) if is_there else None)
    return found


class _Reading:
    """Who reads what in a net, and which branches have pixels picked from them."""

    def __init__(self, param: caffe_pb2.NetParameter) -> None:
        self.param = param
        self.picked: dict[tuple[int, int], Strides] = {}  # by layer and bottom
        self._read = graph.read_tops(param, None, param)
        self._readers: dict[tuple[int, int], list[int]] = {}
        for i, tops in enumerate(self._read):
            for top in tops:
                self._readers.setdefault(top, []).append(i)

    def readers(self, i: int, top: int) -> list[int]:
        """The layers that read a layer's top."""
        return self._readers.get((i, top), [])

    def wanted(self, i: int, top: int) -> Strides:
        """With which strides all who read a top skip over it."""
        found = {_skips(self.param.layer[reader]) for reader in self.readers(i, top)}
        return found.pop() if len(found) == 1 else NONE

    def can(self, i: int) -> bool:
        """Whether a layer can make fewer pixels, with less work."""
        layer = self.param.layer[i]
        if len(layer.top) != 1 or any(layer.loss_weight):
            return False
        if traits.of(layer).thins:
            return _keeps_size(layer)
        return (traits.of(layer).by_pixel(layer)
                and (len(layer.bottom) == 1 or layer.top[0] not in layer.bottom)
                and any(self._alone(i, bottom) for bottom in range(len(layer.bottom))))

    def give(self, i: int, strides: Strides) -> None:
        """Let the layer make every so manyth pixel."""
        layer = self.param.layer[i]
        for window in _windows(layer):
            own = window.each("stride", 2)
            _set_strides(layer, tuple(a * b for a, b in zip(own, strides, strict=True)))
            return
        for bottom in range(len(layer.bottom)):
            if self._alone(i, bottom):
                self.give(self._read[i][bottom][0], strides)
            else:
                self.picked[i, bottom] = strides

    def _alone(self, i: int, bottom: int) -> bool:
        """Whether nobody else reads what makes a layer's bottom, and that can make fewer."""
        top = self._read[i][bottom]
        return len(self._readers[top]) == 1 and self.can(top[0])

    def with_picked(self) -> caffe_pb2.NetParameter:
        """The net with layers that pick pixels, a maximum over one at a time."""
        made = caffe_pb2.NetParameter()
        made.CopyFrom(self.param)
        del made.layer[:]
        for i, layer in enumerate(self.param.layer):
            copy = caffe_pb2.LayerParameter()
            copy.CopyFrom(layer)
            for bottom, blob in enumerate(layer.bottom):
                if strides := self.picked.get((i, bottom)):
                    name = f"{layer.name}/{blob}/picked"
                    made.layer.add().CopyFrom(graph.picking_layer(name, blob, name, strides))
                    copy.bottom[bottom] = name
            made.layer.add().CopyFrom(copy)
        return made


def _windows(layer: Any) -> Iterator[Window]:
    """Of a layer over height and width that can make fewer pixels."""
    cls = traits.of(layer)
    if cls.thins and len(layer.bottom) == len(layer.top) == 1:
        try:
            window = cls.window(layer)
        except ConfigError:  # the layer itself will say what is wrong
            return
        if window and window.axis == 1 and window.pad_end is None and not window.lonely and all(
                len(getattr(window, size)) <= 2 for size in SIZES):
            yield window


def _skips(layer: Any) -> Strides:
    """By how much a layer that looks at single pixels goes on; 1 for all other layers."""
    for window in _windows(layer):
        if {*window.kernel} == {1} and not any(window.pad):
            return window.each("stride", 2)
    return NONE


def _keeps_size(layer: Any) -> bool:
    """Whether with a stride of 1 it would make a picture as large as it gets."""
    return any(
        all(2 * pad == dilation * (side - 1)
            for side, pad, dilation in zip(*(window.each(name, 2) for name in (
                "kernel", "pad", "dilation")), strict=True))
        for window in _windows(layer) if window.kernel)


def _set_strides(layer: Any, strides: Strides) -> None:
    p = traits.of(layer).own(layer)
    p.ClearField("stride_h")
    p.ClearField("stride_w")
    p.stride[:] = {*strides} if len({*strides}) == 1 else strides  # once, for any number of axes
