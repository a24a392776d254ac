"""Crop layers that line their two bottoms up: the offset that the layers below make necessary.

Forks of 2015 (HED's, FCN's) knew no offset: their Crop walked the net's graph for it. Caffe 1.0
crops at offset 0 where none is given, and so shifts what such a file computes. Here

    crop_param { align: true }      # also type: "AutoCrop", and V1's CROP, which only forks had

means what the forks meant, a ``crop_param`` without it what Caffe 1.0 means, and of layers
without any crop_param whose bottoms do not line up at 0 there is a warning.
"""

from __future__ import annotations

from typing import Any

from caffepy import log
from caffepy.core import coords, traits
from caffepy.core.graph import Top, read_tops
from caffepy.errors import CaffeError, ConfigError
from caffepy.proto.text import Source

logger = log.get(__name__)


def align(param: Any, source: Source | None = None, whole: Any = None) -> None:
    """Give the Crop layers of a filtered net that are to align their offsets, in place.

    Args:
        source: where the net is written, for errors.
        whole: the net before graph.filter_net, for errors.

    Raises:
        CropError: no whole offset lines the bottoms up. ConfigError: an offset is given, too, or
            the bottoms have nothing in common. NotFound: a bottom that no layer before makes.
    """
    ways = [traits.of(layer).lines_up(layer) for layer in param.layer]
    if all(way is None for way in ways):
        return
    walk = _Walk(param, read_tops(param, source, whole or param))
    shifted = []
    for i, (layer, way) in enumerate(zip(param.layer, ways, strict=True)):
        if way is None or len(layer.bottom) != 2:
            continue
        if way:
            _fill_in(layer, i, walk, source)
        elif not layer.HasField("crop_param") and any(offsets := walk.quiet_offsets(i)):
            shifted.append(f"'{layer.name}' ({_numbers(offsets)})")
    if shifted:
        one = len(shifted) == 1
        logger.warning(
            "Crop layer%s %s crop%s at offset 0, as Caffe 1.0, but %s bottoms line up at the "
            "offset in brackets, which forks of 2015 (HED, FCN) took. crop_param { align: true } "
            "takes it too; crop_param { offset: 0 } means 0.", "" if one else "s",
            ", ".join(shifted), "s" if one else "", "its" if one else "their")


def _numbers(offsets: list[int]) -> str:
    return " x ".join(map(str, offsets))


def _fill_in(layer: Any, index: int, walk: _Walk, source: Source | None) -> None:
    place = f"layer '{layer.name}'"
    where = f"{source.where(layer.name)}, {place}" if source else place
    if layer.crop_param.offset:
        raise ConfigError("offset and align are both given", where=where,
                          fix="align finds the offset; keep one of them.")
    try:
        offsets = walk.offsets(index)
    except CaffeError as error:
        raise error.at(where) from None
    layer.crop_param.ClearField("align")
    layer.crop_param.offset.extend(offsets)
    logger.info("%s crops at offset %s, where its bottoms line up", layer.name, _numbers(offsets))


class _Walk:
    """The way back from blobs of a net; a blob is the top that holds it (graph.Top)."""

    def __init__(self, param: Any, bottoms: list[list[Top]]) -> None:
        self.layers, self.bottoms = param.layer, bottoms

    def offsets(self, index: int) -> list[int]:
        """What lines the bottoms of a Crop layer up: one offset, or one for each axis cropped.

        Raises: CaffeError, as ``align``.
        """
        layer, (cropped, reference) = self.layers[index], self.bottoms[index]
        try:
            first, offsets = coords.crop_offsets(coords.between(cropped, reference, self.behind))
        except coords.CropError:
            raise
        except ConfigError as error:  # which knows the blobs by their places alone
            error.found = f"'{layer.bottom[0]}' and '{layer.bottom[1]}'"
            raise
        axis = layer.crop_param.axis
        if 0 <= axis < first:
            raise ConfigError("what lines up are the axes of pixels", found=f"axis: {axis}",
                              allowed=f"axis {first} or a later one")
        if len(offsets) == 1:
            return offsets
        return offsets[axis - first:] if axis >= 0 else offsets[axis:]

    def quiet_offsets(self, index: int) -> list[int]:
        """The same; without offsets where there are none to be had."""
        try:
            return self.offsets(index)
        except CaffeError:
            return []

    def behind(self, top: Top) -> tuple[coords.Map, list[Top]]:
        """The map of the layer that makes a blob, and the bottoms that it maps."""
        layer, bottoms = self.layers[top[0]], self.bottoms[top[0]]
        if not bottoms:
            return coords.IDENTITY, bottoms
        kind = traits.of(layer)
        mapped = bottoms if kind.lines_up(layer) is None else bottoms[:1]
        return kind.coordinates(layer), mapped
