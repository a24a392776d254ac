"""Data layers whose databases and lists are not there, as inputs of the same shape.

A net can then be built to show its shapes on a machine that has the prototxt alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

SOURCES = {"Data": "data_param", "ImageData": "image_data_param", "HDF5Data": "hdf5_data_param",
           "WindowData": "window_data_param"}  # fmt: skip


def picture_shape(layer: Any) -> list[int] | None:
    """C x H x W of what a data layer gives, as far as its settings and its mean tell; None: not."""
    rule, image = layer.transform_param, layer.image_data_param
    own = getattr(layer, SOURCES.get(layer.type, ""), None)
    # an old setting may stand in the layer's own message
    crop = rule.crop_size or getattr(own, "crop_size", 0)
    mean = _mean_shape(rule.mean_file)
    channels = mean[0] if mean else 3
    if layer.type == "ImageData":
        channels = 3 if image.is_color else 1
    elif layer.type == "MemoryData":
        memory = layer.memory_data_param
        return [memory.channels, memory.height, memory.width]
    elif layer.type == "Data" and (rule.force_color or rule.force_gray):
        channels = 3 if rule.force_color else 1
    if crop:
        return [channels, crop, crop]
    if layer.type == "ImageData" and image.new_height:
        return [channels, image.new_height, image.new_width]
    return mean or None


def _mean_shape(path: str) -> list[int]:
    """C x H x W of a mean picture; [] of one that is not there or no such file."""
    from caffepy.proto import caffe_pb2

    try:
        with open(path, "rb") as file:
            blob = caffe_pb2.BlobProto.FromString(file.read())
    except Exception:  # OSError; DecodeError, whose class differs by protobuf's runtime
        return []
    shape = list(blob.shape.dim)[-3:] or [blob.channels, blob.height, blob.width]
    return shape if len(shape) == 3 and all(shape) else []


def stand_in(param: Any, input_shape: Sequence[int] = ()) -> tuple[list[str], list[str]]:
    """Replace such layers of a NetParameter in place.

    Args:
        input_shape: C x H x W; by default what the layer's settings and mean tell.

    Returns: what was assumed, and what is not known: then nothing stands in.
    """
    assumed, unknown = [], []
    for layer in param.layer:
        if layer.type not in SOURCES:
            continue
        own = getattr(layer, SOURCES[layer.type])
        if os.path.exists(own.source):
            continue
        shape = tuple(input_shape or picture_shape(layer) or ())
        if not shape:
            unknown.append(
                f"layer '{layer.name}': {own.source} is not there and no crop_size is given, so "
                "no shapes are known; say -input_shape=C,H,W")
            continue
        whole = (own.batch_size, *shape)
        assumed.append(f"layer '{layer.name}': {own.source} is not there; taken as "
                       f"{' x '.join(map(str, whole))}")
        for i in range(len(layer.top)):
            layer.input_param.shape.add(dim=whole[:1] if i else whole)
        layer.ClearField(SOURCES[layer.type])
        layer.ClearField("transform_param")
        layer.type = "Input"
    return assumed, unknown
