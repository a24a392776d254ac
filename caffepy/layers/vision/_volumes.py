"""Windows over time, height and width, in C3D's words and in those of NdConvolution."""

from __future__ import annotations

from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Shape
from caffepy.errors import ConfigError, ShapeError


def sizes(given: Any) -> dict[str, Any]:
    """Kernel, stride and pad for each axis, of a message with C3D's words, as far as it has them.

    Raises:
        ConfigError: a size is given several times.
    """
    found = {}
    for name, of_time, default in (("kernel_size", "kernel_depth", 0),
                                   ("stride", "temporal_stride", 1), ("pad", "temporal_pad", 0)):
        value = getattr(given, name)
        if isinstance(value, int):
            values = [value] if given.HasField(name) else []
        else:  # Convolution's, which is repeated
            values = list(value)
        if len(values) > 1:
            raise ConfigError(f"{name} is one number for height and width",
                              found=" x ".join(map(str, values)),
                              fix='type: "Convolution" takes one for each axis.')
        times = [getattr(given, of_time)] if given.HasField(of_time) else []
        if times or values:
            found[name] = (times or [default]) + (values or [default]) * 2
    return found


def check(layer: Layer, bottom: Blobs) -> None:
    """Fail unless the bottom is of videos."""
    if bottom[0].ndim != 5:
        layer.fail("the bottom must have 5 axes (items, channels, time, height, width)",
                   kind=ShapeError, found=f"shape {bottom[0].shape}")


def shapes(given: Any) -> dict[str, Any]:
    """Kernel, stride and pad for each axis, in NdConvolution's words.

    Raises:
        ConfigError: they have different numbers of axes.
    """
    found = {name: list(getattr(given, f"{word}_shape").dim) for name, word in (
        ("kernel_size", "kernel"), ("stride", "stride"), ("pad", "pad"))}
    counts = {len(values) for values in found.values() if values}
    if len(counts) > 1:
        raise ConfigError("kernel_shape, stride_shape and pad_shape must have equally many dims",
                          found=f"{found}")
    return {name: values for name, values in found.items() if values}


def squeezed(out: Shape) -> Shape:
    """Spatial axes without those of one place, which NdConvolution and NdPooling leave out."""
    return tuple(size for size in out if size > 1)
