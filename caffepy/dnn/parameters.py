"""A net's parameters as programs for cv2.dnn get and set them, and which of them nobody has set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.core import weights
from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.dnn.entries import distinct
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2, wire

Array = NDArray[Any]

FILLER = caffe_pb2.FillerParameter.DESCRIPTOR
SAME_EACH_TIME = ("constant", "bilinear")


def values(layer: Layer) -> list[Array]:
    """Copies of a layer's parameters, in Caffe's shapes."""
    return [blob.values.read(Place.HOST).copy() for blob in layer.blobs]


def put(layer: Layer, arrays: Sequence[Any]) -> None:
    """Give a layer these parameters. A bias that is not among them is zero from now on.

    Raises:
        ShapeError: another number of arrays, or one with another count of numbers.
    """
    given = [np.asarray(array, np.float32) for array in arrays]
    if lacks_bias(layer, len(given)):
        given.append(np.zeros(layer.blobs[-1].shape, np.float32))
    if len(given) != len(layer.blobs):
        layer.fail("a layer's blobs are set all at once", kind=ShapeError,
                   found=f"{len(given)} arrays", allowed=", ".join(
                       f"{name} {blob.shape}" for name, blob
                       in zip(layer.learns, layer.blobs, strict=False)) or "none")
    for number, array in enumerate(given):
        put_one(layer, number, array)


def put_one(layer: Layer, number: int, array: Any) -> None:
    """Give a layer one parameter; axes of 1 may be missing or too many.

    Raises:
        ShapeError: there is none of that number, or it has another shape.
    """
    if not 0 <= number < len(layer.blobs):
        layer.fail("the layer has no such parameter", kind=ShapeError, found=number,
                   allowed=f"0 to {len(layer.blobs) - 1}" if layer.blobs else "none")
    blob, array = layer.blobs[number], np.asarray(array, np.float32)
    if _plain(array.shape) != _plain(blob.shape):
        layer.fail(f"parameter {number} has another shape", kind=ShapeError, found=array.shape,
                   allowed=blob.shape)
    blob.values.overwrite(Place.HOST)[...] = array.reshape(blob.shape)


def _plain(shape: Sequence[int]) -> list[int]:
    return [size for size in shape if size != 1]


def load(net: Net, found: wire.Weights) -> weights.Report:
    """Copy the weights of a file.

    A bias that the prototxt asks for and the file lacks is zero: OpenCV takes a layer without one
    for a layer that has none. A layer without any parameters in the file is as one that the file
    does not have: a program will set them.
    """
    targets, layers, names = weights.Namesakes(net), [], set(net.layer_names)
    again = distinct(layer.name for layer in found.layers)
    for source, name in zip(found.layers, again, strict=True):
        if not source.blobs:
            continue
        if name in names:
            source = replace(source, name=name)
        layer = targets.take(source.name, learns=True)
        if layer is not None and lacks_bias(layer, len(source.blobs)):
            source = replace(source, blobs=[*source.blobs, np.zeros(layer.blobs[-1].shape)],
                             diffs=[*source.diffs, None])
        layers.append(source)
    return weights.copy(net, replace(found, layers=layers))


def lacks_bias(layer: Layer, count: int) -> bool:
    """Whether of a layer's parameters, of which ``count`` are there, only the bias is missing."""
    return (count == len(layer.blobs) - 1 and len(layer.learns) == len(layer.blobs)
            and layer.learns[-1] == "bias")


def undecided(net: Net) -> Iterator[str]:
    """The layers whose parameters a file must bring: all but those whose fillers give the same
    numbers each time (a constant, bilinear weights) and are written in the prototxt."""
    for layer in net.layers:
        if layer.blobs:
            own = layer.own(layer.spec)
            fillers = [value for field, value in own.ListFields()
                       if field.message_type is FILLER] if own is not None else []
            if not fillers or any(filler.type not in SAME_EACH_TIME for filler in fillers):
                yield layer.name
