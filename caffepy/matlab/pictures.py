"""Verbs on picture and mean files. Pictures are width x height x channels there, BGR, single."""

from __future__ import annotations

import numpy as np

from caffepy.data import image
from caffepy.data.transform import read_mean as mean_of
from caffepy.errors import ShapeError
from caffepy.matlab.handles import Table
from caffepy.matlab.verbs import Array, Row, sizes, verb
from caffepy.pictures import read
from caffepy.services import means


@verb
def read_mean(table: Table, mean_proto_file: str) -> Array:
    return mean_of(mean_proto_file)


@verb
def write_mean(table: Table, mean_data: Array, mean_proto_file: str) -> None:
    means.write(mean_proto_file, picture(mean_data, "mean_data"))


@verb
def load_image(table: Table, im_file: str) -> Array:
    """The numbers that a data layer reads from the file; gray ones have one channel."""
    pixels = read(im_file)
    return image.channels_first(pixels).astype(np.float32)


@verb
def resize_image(table: Table, im_data: Array, shape: Row) -> Array:
    """Bilinear, as the data layers resize."""
    if len(shape) != 2 or min(shape) < 1:
        raise ShapeError("shape must be [width height]", found=list(shape))
    width, height = shape
    return image.resize(picture(im_data, "im_data"), height, width)


def picture(array: Array, name: str) -> Array:
    """C x H x W; a picture of one channel has lost that axis in MATLAB.

    Raises:
        ShapeError: it is none.
    """
    if array.ndim not in (2, 3) or not array.size:
        raise ShapeError(f"{name} must be a picture", found=sizes(array.shape),
                         allowed="width x height x channels")
    return (array if array.ndim == 3 else array[None]).astype(np.float32, copy=False)
