"""Pictures, arrays and messages on their way into a net and out of it.

    transformer = Transformer({"data": net.blobs["data"].data.shape})
    transformer.set_transpose("data", (2, 0, 1))        # H x W x K to K x H x W
    transformer.set_channel_swap("data", (2, 1, 0))     # RGB to BGR
    transformer.set_raw_scale("data", 255)              # [0, 1] to [0, 255]
    transformer.set_mean("data", mean)
    net.blobs["data"].data[...] = transformer.preprocess("data", load_image("cat.jpg"))

Pictures are H x W x K arrays; ``load_image`` gives RGB in [0, 1], as pycaffe's does. How
``resize_image`` interpolates is told in caffepy.resize.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from caffepy.data import datum as records
from caffepy.errors import ConfigError, DataError, did_you_mean
from caffepy.proto import blobs, caffe_pb2, files
from caffepy.resize import resize_image

__all__ = [
    "ArgumentError", "Transformer", "array_to_blobproto", "array_to_datum",
    "arraylist_to_blobprotovector_str", "blobproto_to_array", "blobprotovector_str_to_arraylist",
    "caffe_pb2", "datum_to_array", "load_image", "oversample", "resize_image",
]  # fmt: skip

Array = NDArray[Any]
Path = str | os.PathLike[str]

LUMINANCE = (0.2125, 0.7154, 0.0721)  # of red, green and blue, as scikit-image weighs them


class ArgumentError(ConfigError, ValueError):
    """An array or a shape that does not do; a ValueError too, which pycaffe raised."""


# -- messages and arrays -----------------------------------------------------------------------


def blobproto_to_array(blob: caffe_pb2.BlobProto, return_diff: bool = False) -> Array:
    """The data (or the diff) of a BlobProto, float32, in its shape.

    Raises:
        ArgumentError: the shape does not fit the number of values.
    """
    if return_diff:
        chosen = caffe_pb2.BlobProto()
        chosen.CopyFrom(blob)
        for kind in ("data", "double_data"):
            chosen.ClearField(kind)
            getattr(chosen, kind).MergeFrom(getattr(blob, kind.replace("data", "diff")))
        blob = chosen
    try:
        values = blobs.blob_to_array(blob)
    except DataError as error:
        if not blob.HasField("shape") and len(blob.data) == 1:
            return np.array(blob.data, np.float32)  # one value needs no shape
        raise ArgumentError(error.message, found=error.found) from None
    return values.astype(np.float32)


def array_to_blobproto(arr: Array, diff: Array | None = None) -> caffe_pb2.BlobProto:
    """A BlobProto with the array's shape and values, kept as float32, and a diff if given."""
    if diff is not None:
        if np.shape(diff) != np.shape(arr):
            raise ArgumentError("data and diff must have one shape",
                                found=f"{np.shape(arr)} and {np.shape(diff)}")
        diff = np.asarray(diff, np.float32)
    return blobs.array_to_blob(np.asarray(arr, np.float32), diff=diff)


def arraylist_to_blobprotovector_str(arraylist: Iterable[Array]) -> bytes:
    """The bytes of a BlobProtoVector of the arrays."""
    vector = caffe_pb2.BlobProtoVector()
    vector.blobs.extend(array_to_blobproto(array) for array in arraylist)
    return vector.SerializeToString()


def blobprotovector_str_to_arraylist(data: bytes) -> list[Array]:
    """The arrays in the bytes of a BlobProtoVector.

    Raises:
        ArgumentError: the bytes are none.
    """
    try:
        vector = caffe_pb2.BlobProtoVector.FromString(data)
    except DecodeError as error:
        raise ArgumentError(f"these bytes are no BlobProtoVector: {error}") from None
    return [blobproto_to_array(blob) for blob in vector.blobs]


def array_to_datum(arr: Array, label: int | None = None) -> caffe_pb2.Datum:
    """A Datum of a C x H x W array: uint8 is kept as bytes, all else as float32."""
    if arr.ndim != 3:
        raise ArgumentError("a Datum holds C x H x W", found=f"an array of shape {arr.shape}")
    return records.from_array(arr, label)


def datum_to_array(datum: caffe_pb2.Datum) -> Array:
    """The picture of a Datum, C x H x W, uint8 or float32; an encoded one is decoded (BGR)."""
    return records.to_array(datum).copy()


# -- preprocessing -----------------------------------------------------------------------------


class Transformer:
    """Brings pictures into the form a net was trained on, and back.

        x = resize(picture).transpose(transpose)[channel_swap]
        blob = (x * raw_scale - mean) * input_scale

    Whatever was not set is left out.

    Args:
        inputs: input blob name to its shape, N x K x H x W.

    Attributes:
        inputs, transpose, channel_swap, raw_scale, mean, input_scale: what was set, by name.
    """

    def __init__(self, inputs: Mapping[str, Sequence[int]]) -> None:
        self.inputs = {name: tuple(int(d) for d in shape) for name, shape in inputs.items()}
        self.transpose: dict[str, Sequence[int]] = {}
        self.channel_swap: dict[str, Sequence[int]] = {}
        self.raw_scale: dict[str, float] = {}
        self.mean: dict[str, Array] = {}
        self.input_scale: dict[str, float] = {}

    def _shape(self, in_: str) -> tuple[int, ...]:
        if in_ not in self.inputs:
            raise ConfigError(f"{in_} is not one of the net inputs",
                              allowed=", ".join(self.inputs), fix=did_you_mean(in_, self.inputs))
        return self.inputs[in_]

    def preprocess(self, in_: str, data: Array) -> Array:
        """A picture, H' x W' x K, as the input blob takes it: float32, K x H x W.

        ``data`` is left as it is.
        """
        size = self._shape(in_)[2:]
        out = np.array(data, np.float32)  # a copy: the original changed float32 pictures in place
        if len(size) == 2 and out.shape[:2] != size:
            out = resize_image(out, size)
        if in_ in self.transpose:
            out = out.transpose(self.transpose[in_])
        if in_ in self.channel_swap:
            out = out[self.channel_swap[in_], :, :]
        if in_ in self.raw_scale:
            out *= self.raw_scale[in_]
        if in_ in self.mean:
            out -= self.mean[in_]
        if in_ in self.input_scale:
            out *= self.input_scale[in_]
        return out

    def deprocess(self, in_: str, data: Array) -> Array:
        """What ``preprocess`` did to a blob's picture, undone, but for the size."""
        axes = len(self._shape(in_)) - 1
        out = np.array(data, np.float32).squeeze()
        if out.ndim < axes and in_ in self.transpose:
            out = out.reshape(np.shape(data)[-axes:])  # one channel is still a channel
        if in_ in self.input_scale:
            out /= self.input_scale[in_]
        if in_ in self.mean:
            out += self.mean[in_]
        if in_ in self.raw_scale:
            out /= self.raw_scale[in_]
        if in_ in self.channel_swap:
            out = out[np.argsort(self.channel_swap[in_]), :, :]
        if in_ in self.transpose:
            out = out.transpose(np.argsort(self.transpose[in_]))
        return out

    def set_transpose(self, in_: str, order: Sequence[int]) -> None:
        """The picture's axes in the blob's order: (2, 0, 1) for H x W x K to K x H x W."""
        axes = len(self._shape(in_)) - 1
        if sorted(order) != list(range(axes)):
            raise ConfigError("the order must name each of the input's axes but the first once",
                              found=order, allowed=f"an order of {tuple(range(axes))}")
        self.transpose[in_] = tuple(order)

    def set_channel_swap(self, in_: str, order: Sequence[int]) -> None:
        """The order of channels, after the transpose: (2, 1, 0) for RGB to BGR."""
        channels = self._shape(in_)[1]
        if len(order) != channels or not set(order) <= set(range(channels)):
            raise ConfigError("the order must name as many channels as the input has",
                              found=order, allowed=f"an order of {tuple(range(channels))}")
        self.channel_swap[in_] = tuple(order)

    def set_raw_scale(self, in_: str, scale: float) -> None:
        """What to multiply with before the mean is taken off: 255 for nets that saw 0..255."""
        self._shape(in_)
        self.raw_scale[in_] = scale

    def set_mean(self, in_: str, mean: Array) -> None:
        """What to take off: one number a channel, or a K x H x W (or H x W) picture.

        A picture of another size than the input is resized.

        Raises:
            ArgumentError: the mean does not fit the input's channels.
        """
        shape = self._shape(in_)
        mean = np.array(mean, np.float32)
        if mean.ndim == 1:
            if mean.shape != shape[1:2]:
                raise ArgumentError("Mean channels incompatible with input.",
                                    found=f"{len(mean)} numbers", allowed=f"{shape[1]} channels")
            mean = mean[:, None, None]
        elif mean.ndim == 2:
            mean = mean[None]
        if mean.ndim != 3 or mean.shape[0] not in (1, shape[1]):
            raise ArgumentError("Mean shape invalid", found=f"shape {mean.shape}",
                                allowed=f"{shape[1]} numbers, or a picture of shape {shape[1:]}")
        if mean.shape[1:] not in ((1, 1), shape[2:]):
            mean = resize_image(mean.transpose(1, 2, 0), shape[2:]).transpose(2, 0, 1)
        self.mean[in_] = mean

    def set_input_scale(self, in_: str, scale: float) -> None:
        """What to multiply with after the mean is taken off."""
        self._shape(in_)
        self.input_scale[in_] = scale


# -- pictures ----------------------------------------------------------------------------------


def load_image(filename: Path, color: bool = True) -> Array:
    """A picture file as float32 in [0, 1]: RGB, H x W x 3, or with ``color=False`` H x W x 1.

    Gray files are repeated for RGB, alpha is dropped, and colours become gray by
    0.2125 R + 0.7154 G + 0.0721 B. Any rotation noted in the file is left to the reader, as the
    original did.

    Raises:
        NotFound: no such file. DataError: it is no picture.
    """
    import cv2

    try:
        with open(filename, "rb") as file:
            data = np.frombuffer(file.read(), np.uint8)
    except OSError as error:
        raise files.file_error(error, filename, "read") from None
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    if picture is None:
        raise DataError("not a picture that can be decoded", where=os.fspath(filename),
                        allowed="PNG, JPEG and what else OpenCV reads")
    if picture.ndim == 2:
        picture = picture[:, :, None]
    full = {"uint8": 255, "uint16": 65535}.get(picture.dtype.name, 1)  # floats are as they are
    picture = picture.astype(np.float32) / np.float32(full)
    if picture.shape[2] < 3:
        return np.repeat(picture[:, :, :1], 3 if color else 1, axis=2)
    rgb = picture[:, :, 2::-1]  # OpenCV has BGR or BGRA
    if color:
        return np.ascontiguousarray(rgb)
    return (rgb @ np.array(LUMINANCE, np.float32))[:, :, None]


def oversample(images: Sequence[Array], crop_dims: Sequence[int]) -> Array:
    """Ten crops of each picture: the corners, the middle, and the mirror images of these five.

    Args:
        images: N pictures, H x W x K, all of one shape.
        crop_dims: height and width of the crops.

    Returns: 10N x height x width x K, float32, each picture's ten together, in the order
        top left, top right, bottom left, bottom right, middle, then the same mirrored.

    Raises:
        ArgumentError: the pictures differ in shape, or the crops are larger than they.
    """
    height, width = (int(d) for d in crop_dims)
    shapes = {np.shape(image) for image in images}
    if len(shapes) != 1:
        raise ArgumentError("pictures to crop must have one shape", found=sorted(shapes))
    rows, columns, channels = shapes.pop()
    if height > rows or width > columns:
        raise ArgumentError("the crops are larger than the pictures",
                            found=f"{height} x {width} of {rows} x {columns}")
    below, right = rows - height, columns - width
    corners = [(0, 0), (0, right), (below, 0), (below, right), (below // 2, right // 2)]
    crops = np.empty((len(images), 2, 5, height, width, channels), np.float32)
    for image, of_image in zip(images, crops, strict=True):
        for crop, (y, x) in zip(of_image[0], corners, strict=True):
            crop[...] = image[y : y + height, x : x + width]
        of_image[1] = of_image[0, :, :, ::-1]
    return crops.reshape(-1, height, width, channels)
