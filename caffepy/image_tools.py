"""Stands in for what scripts use of scikit-image and SciPy through ``caffe.io``, where these are
not installed: ``caffe.io.skimage.img_as_float``, ``.io.imsave``, ``.transform.resize``, ``zoom``.

Types, ranges and formulas are scikit-image's. Resizing gives the numbers of its versions 0.9 to
0.13, with which nets of pycaffe's time were trained: no smoothing when a picture shrinks, unless
``anti_aliasing=True``, and ``cval`` around it. Orders are 0, 1 and 3.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from caffepy import pictures
from caffepy.resize import KERNELS, ArgumentError, Array, along, centres, outside, zoomed

RANGES = {"uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "int8": 127, "int16": 32767}


# -- types ---------------------------------------------------------------------------------------


def img_as_float(image: Any, force_copy: bool = False) -> Array:
    """Whole numbers become 0 to 1 (-1 to 1 if signed), float64; floats stay as they are."""
    array = np.asarray(image)
    if array.dtype.kind == "f":
        return array.copy() if force_copy else array
    if array.dtype.kind == "b":
        return array.astype(np.float64)
    if array.dtype.name not in RANGES:
        raise ArgumentError("pictures are not kept in this type", found=array.dtype,
                            allowed=", ".join([*RANGES, "bool", "floats"]))
    return np.asarray(np.maximum(array / RANGES[array.dtype.name], -1.0))


def img_as_float32(image: Any, force_copy: bool = False) -> Array:
    """As ``img_as_float``, in float32."""
    return img_as_float(image).astype(np.float32, copy=force_copy)


def img_as_ubyte(image: Any, force_copy: bool = False) -> Array:
    """0 to 1 becomes 0 to 255, rounded; uint16 loses its lower byte."""
    array = np.asarray(image)
    if array.dtype == np.uint8:
        return array.copy() if force_copy else array
    if array.dtype == np.uint16:
        return (array >> 8).astype(np.uint8)
    values = img_as_float(array)
    if values.size and not (-1 <= values.min() and values.max() <= 1):
        raise ArgumentError("Images of type float must be between -1 and 1.",
                            found=f"{values.min():g} to {values.max():g}")
    return np.rint(values.clip(0, 1) * 255).astype(np.uint8)


# -- files ---------------------------------------------------------------------------------------


def imread(fname: pictures.Source, as_gray: bool = False, plugin: object = None,
           as_grey: bool = False) -> Array:
    """A picture as it is in its file: H x W, or H x W x 3 or 4, RGB; see ``caffe.io.load_image``
    for what it may be read from. Gray on demand, then from 0 to 1."""
    picture = pictures.read(fname, alpha=True)
    picture = picture if picture.ndim == 2 else picture[:, :, [2, 1, 0, 3][: picture.shape[2]]]
    return rgb2gray(picture) if (as_gray or as_grey) and picture.ndim == 3 else picture


def imsave(fname: str | os.PathLike[str], arr: Any, plugin: object = None, **options: object
           ) -> None:
    """Write H x W, or H x W x 3 or 4 in RGB order; floats are 0 to 1."""
    import cv2

    array = np.asarray(arr)
    if array.dtype.kind in "fb":
        array = img_as_ubyte(array)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ArgumentError("this is no picture", found=f"shape {array.shape}",
                            allowed="H x W, H x W x 3 or H x W x 4")
    if array.ndim == 3 and array.shape[2] > 1:
        array = array[:, :, [2, 1, 0, 3][: array.shape[2]]]
    try:
        written = cv2.imwrite(os.fspath(fname), np.ascontiguousarray(array))
    except cv2.error as error:
        raise ArgumentError(f"the picture cannot be written: {error.err}",
                            where=os.fspath(fname)) from None
    if not written:
        raise pictures.Unreadable("the picture cannot be written", where=os.fspath(fname))


def imshow(arr: Any, plugin: object = None, **options: Any) -> Any:
    """By matplotlib, where it is installed."""
    from matplotlib import pyplot as plt

    return plt.imshow(np.squeeze(np.asarray(arr)), **options)


def show() -> None:
    """Show what ``imshow`` was given."""
    from matplotlib import pyplot as plt

    plt.show()


# -- colours -------------------------------------------------------------------------------------


def rgb2gray(rgb: Any) -> Array:
    """0.2125 R + 0.7154 G + 0.0721 B, from 0 to 1; alpha is left out, gray stays."""
    values = img_as_float(rgb)
    if values.ndim < 3 or values.shape[-1] not in (3, 4):
        return values
    return np.asarray(values[..., :3] @ np.array(pictures.LUMINANCE, values.dtype))


def gray2rgb(image: Any, alpha: bool | None = None) -> Array:
    """One channel three times over; pictures of three or four stay."""
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[-1] in (3, 4):
        return array
    return np.stack([array.reshape(array.shape[:2] if array.ndim == 3 else array.shape)] * 3, -1)


# -- sizes ---------------------------------------------------------------------------------------


def resize(image: Any, output_shape: Sequence[int], order: int | None = 1, mode: str = "constant",
           cval: float = 0, clip: bool = True, preserve_range: bool = False,
           anti_aliasing: bool | None = False, anti_aliasing_sigma: Any = None) -> Array:
    """A picture in another shape; axes that ``output_shape`` does not name stay.

    Args:
        mode: what lies outside: constant (cval), edge, symmetric, reflect, wrap.
        preserve_range: leave whole numbers in their range, instead of 0 to 1.
        anti_aliasing: smooth before an axis shrinks.
    """
    array = np.asarray(image)
    shape = tuple(int(n) for n in output_shape)
    if array.size == 0 or len(shape) > array.ndim or min(shape, default=0) < 1:
        raise ArgumentError("this picture cannot be resized so",
                            found=f"shape {array.shape} to {shape}")
    out = _begin(array, preserve_range) - cval
    for axis, length in enumerate(shape):
        old = array.shape[axis]
        if old == length:
            continue
        if anti_aliasing and length < old:
            out = _smooth(out, axis, (old / length - 1) / 2, mode)
        out = along(out, axis, centres(old, length), _order(order), mode)
    return _end(out + cval, array, cval, clip, preserve_range)


def rescale(image: Any, scale: Any, order: int | None = 1, mode: str = "constant", cval: float = 0,
            clip: bool = True, preserve_range: bool = False, multichannel: bool | None = None,
            anti_aliasing: bool | None = False, **options: Any) -> Array:
    """``resize`` by a factor, or one for each of height and width."""
    array = np.asarray(image)
    spatial = 2 if array.ndim == 3 else array.ndim
    factors = np.broadcast_to(np.asarray(scale, float).reshape(-1)[:spatial], (spatial,))
    shape = [max(int(n), 1) for n in np.round(np.array(array.shape[:spatial]) * factors)]
    return resize(array, shape, order, mode, cval, clip, preserve_range, anti_aliasing)


def rotate(image: Any, angle: float, resize: bool = False, center: Sequence[float] | None = None,
           order: int | None = 1, mode: str = "constant", cval: float = 0, clip: bool = True,
           preserve_range: bool = False) -> Array:
    """A picture turned counter-clockwise by degrees around its middle, or ``center`` (x, y).

    Args:
        resize: make the picture as large as it must be to show all of the old one.
    """
    array = np.asarray(image)
    rows, columns = array.shape[:2]
    cx, cy = (columns / 2 - 0.5, rows / 2 - 0.5) if center is None else center
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    x, y = np.arange(columns, dtype=float)[None], np.arange(rows, dtype=float)[:, None]
    if resize:
        corners = np.array([[0, 0], [0, rows - 1], [columns - 1, rows - 1], [columns - 1, 0]])
        dx, dy = corners[:, 0] - cx, corners[:, 1] - cy
        xs, ys = cos * dx + sin * dy + cx, -sin * dx + cos * dy + cy
        width, height = (int(np.round(v.max() - v.min() + 1)) for v in (xs, ys))
        x = np.arange(width, dtype=float)[None] + xs.min()
        y = np.arange(height, dtype=float)[:, None] + ys.min()
    across = cos * (x - cx) - sin * (y - cy) + cx
    down = sin * (x - cx) + cos * (y - cy) + cy
    out = _sampled(_begin(array, preserve_range) - cval, down, across, _order(order), mode) + cval
    return _end(out, array, cval, clip, preserve_range)


def zoom(input: Any, zoom: Any, output: Any = None, order: int = 3, mode: str = "constant",
         cval: float = 0.0, prefilter: bool = True, *, grid_mode: bool = False) -> Array:
    """SciPy's: an array enlarged by a factor, or one for each axis, corners' centres staying.

    Order 3 is a cubic B-spline, as there.
    """
    array = np.asarray(input)
    if order not in (0, 1, 3) or grid_mode or not prefilter or output is not None:
        raise ArgumentError("zoom can do orders 0, 1 and 3, without grid_mode, prefilter or output",
                            found=f"order {order}", fix="Install SciPy for all of them.")
    out = array.astype(np.float64)
    for axis, factor in enumerate(np.broadcast_to(np.asarray(zoom, float), (array.ndim,))):
        out = zoomed(out, axis, int(round(array.shape[axis] * factor)), order)
    if array.dtype.kind in "iu":
        limits = np.iinfo(array.dtype)
        out = np.trunc(out + np.copysign(0.5, out)).clip(limits.min, limits.max)
    return out.astype(array.dtype)


def _order(order: int | None) -> int:
    if order is None:
        return 1
    if order not in KERNELS:
        raise ArgumentError("pictures are not resized by interpolation of this order", found=order,
                            allowed="0, 1, 3", fix="Install scikit-image for all of them.")
    return order


def _begin(array: Array, preserve_range: bool) -> Array:
    return array.astype(np.float64) if preserve_range else img_as_float(array).astype(np.float64)


def _end(out: Array, array: Array, cval: float, clip: bool, preserve_range: bool) -> Array:
    """Clipped to the values that were there, but for what shows the outside alone."""
    if clip:
        before = _begin(array, preserve_range)
        out = np.where(out == cval, out, out.clip(before.min(), before.max()))
    return out.astype(np.float32 if array.dtype == np.float32 else np.float64)


def _smooth(im: Array, axis: int, sigma: float, mode: str) -> Array:
    """A Gaussian, cut off at four sigma."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-9)) ** 2)
    out, n = np.zeros(()), im.shape[axis]
    shape = [1] * im.ndim
    shape[axis] = n
    for shift, weight in zip(range(-reach, reach + 1), weights / weights.sum(), strict=True):
        index, inside = outside(np.arange(n) + shift, n, mode)
        out = out + im.take(index, axis) * weight * inside.reshape(shape)
    return out


def _sampled(im: Array, down: Array, across: Array, order: int, mode: str) -> Array:
    """A picture at places of any kind."""
    first, kernel = KERNELS[order]
    y0, x0 = np.floor(down).astype(int), np.floor(across).astype(int)
    out = np.zeros(())
    for dy, of_y in enumerate(kernel(down - y0), first):
        y, y_in = outside(y0 + dy, im.shape[0], mode)
        for dx, of_x in enumerate(kernel(across - x0), first):
            x, x_in = outside(x0 + dx, im.shape[1], mode)
            weight = of_y * of_x * (y_in & x_in)
            out = out + im[y, x] * weight.reshape(weight.shape + (1,) * (im.ndim - 2))
    return out


io = SimpleNamespace(imread=imread, imsave=imsave, imshow=imshow, show=show)
transform = SimpleNamespace(resize=resize, rescale=rescale, rotate=rotate)
color = SimpleNamespace(rgb2gray=rgb2gray, gray2rgb=gray2rgb, rgb2grey=rgb2gray)
util = SimpleNamespace(img_as_float=img_as_float, img_as_float32=img_as_float32,
                       img_as_ubyte=img_as_ubyte)
