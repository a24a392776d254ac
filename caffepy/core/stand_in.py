"""Data layers whose databases and lists are not there, as inputs of the same shape.

A net can then be built to show its shapes on a machine that has the prototxt alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from caffepy.proto.paths import path_of

SOURCES = {"Data": "data_param", "ImageData": "image_data_param", "HDF5Data": "hdf5_data_param",
           "WindowData": "window_data_param"}  # fmt: skip


def stand_in(param: Any, input_shape: Sequence[int] = ()) -> tuple[list[str], list[str]]:
    """Replace such layers of a NetParameter in place.

    Args:
        input_shape: C x H x W; by default 3 channels of the layer's crop_size.

    Returns: what was assumed, and what is not known: then nothing stands in.
    """
    assumed, unknown = [], []
    for layer in param.layer:
        if layer.type not in SOURCES:
            continue
        own = getattr(layer, SOURCES[layer.type])
        source = path_of(own, "source")
        if os.path.exists(source):
            continue
        # an old setting may stand in the layer's own message
        crop = layer.transform_param.crop_size or getattr(own, "crop_size", 0)
        shape = tuple(input_shape) or ((3, crop, crop) if crop else ())
        if not shape:
            unknown.append(
                f"layer '{layer.name}': {source} is not there and no crop_size is given, so "
                "no shapes are known; say -input_shape=C,H,W")
            continue
        whole = (own.batch_size, *shape)
        assumed.append(f"layer '{layer.name}': {source} is not there; taken as "
                       f"{' x '.join(map(str, whole))}")
        for i in range(len(layer.top)):
            layer.input_param.shape.add(dim=whole[:1] if i else whole)
        layer.ClearField(SOURCES[layer.type])
        layer.ClearField("transform_param")
        layer.type = "Input"
    return assumed, unknown
