"""Pictures, arrays and messages on their way into a net and out of it.

    transformer = Transformer({"data": net.blobs["data"].data.shape})
    transformer.set_transpose("data", (2, 0, 1))        # H x W x K to K x H x W
    transformer.set_channel_swap("data", (2, 1, 0))     # RGB to BGR
    transformer.set_raw_scale("data", 255)              # [0, 1] to [0, 255]
    transformer.set_mean("data", mean)
    net.blobs["data"].data[...] = transformer.preprocess("data", load_image("cat.jpg"))

Pictures are H x W x K arrays; ``load_image`` gives RGB in [0, 1], as pycaffe's does. How
``resize_image`` interpolates is told in caffepy.resize.

Scripts reach through pycaffe's io for what it imported: ``io.skimage``, ``io.resize`` and
``io.zoom`` are scikit-image's and SciPy's where those are installed, else caffepy.image_tools'.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from caffepy.data import datum as records
from caffepy.errors import DataError
from caffepy.pictures import load_image
from caffepy.proto import blobs, caffe_pb2
from caffepy.resize import ArgumentError, resize_image
from caffepy.transformer import Transformer

__all__ = [
    "ArgumentError", "Transformer", "array_to_blobproto", "array_to_datum",
    "arraylist_to_blobprotovector_str", "blobproto_to_array", "blobprotovector_str_to_arraylist",
    "caffe_pb2", "datum_to_array", "load_image", "oversample", "resize_image",
]  # fmt: skip

Array = NDArray[Any]
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


# -- pictures ----------------------------------------------------------------------------------


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


# -- what pycaffe's io had imported ------------------------------------------------------------

_IMPORTED = {  # name: the module it comes from, and what must be loaded for scripts to reach it
    "skimage": ("skimage", ("skimage.io", "skimage.transform", "skimage.color")),
    "resize": ("skimage.transform", ()),
    "zoom": ("scipy.ndimage", ()),
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, more = _IMPORTED[name]
    try:
        module = importlib.import_module(home)
        for also in more:
            importlib.import_module(also)
    except ImportError:
        module = importlib.import_module("caffepy.image_tools")
    value = module if name == home else getattr(module, name)
    globals()[name] = value
    return value
