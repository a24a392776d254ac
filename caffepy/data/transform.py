"""transform_param: what happens to a picture between its record and the data blob.

In this order: decode (color or gray as told), changes if any (data/augment), crop (at random in
TRAIN, the middle in TEST), mirror (at random, in TEST too: Caffe's rule), minus the mean, times the
scale, cutout (data/augment/cutout.py). The mean is a picture (mean_file), read at the place of the
crop, or one number for all or each channel. The crop is a square of crop_size, or crop_h x crop_w,
as in SSD's fork.

Every random draw is a function of seed, stream and the record's number. So the pictures depend
neither on threads nor on how records fall into batches, and a resumed run sees the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.data import image
from caffepy.data.draws import draws, stream_key
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, ShapeError, one_line
from caffepy.proto import caffe_pb2, wire
from caffepy.proto.paths import path_of

if TYPE_CHECKING:
    from caffepy.data.augment.cutout import Cutout

logger = log.get(__name__)

_DRAWS = 3  # a record's: mirror, row and column of the crop
_CACHE = 1 << 18  # bytes


def read_mean(path: str) -> np.ndarray:
    """The mean picture of a binaryproto file (a BlobProto of any age), float32, C x H x W.

    Raises:
        NotFound: no such file. DataError: it holds something else.
    """
    try:
        mean = wire.read_blob(path)
    except NotFound:
        raise NotFound(
            "there is no such mean_file", where=path, fix="compute_image_mean makes one."
        ) from None
    except CaffeError as error:
        why = str(error).removeprefix(f"{one_line(path)}: ")
        raise DataError(
            f"the mean_file cannot be read: {why}", where=path,
            fix="caffe.io.array_to_blobproto makes one of an array." if ".npy" in why else None,
        ) from error
    if mean.ndim < 3 or any(n != 1 for n in mean.shape[:-3]) or not mean.size:
        raise DataError(
            "the mean_file must hold one picture",
            where=path,
            found=f"{mean.size} numbers for {' x '.join(map(str, mean.shape)) or 'no shape'}",
            allowed="(1 x) channels x height x width",
        )
    return mean.reshape(mean.shape[-3:]).astype(np.float32, copy=False)


def crop_of(param: caffe_pb2.TransformationParameter) -> tuple[int, int] | None:
    """Height and width of the part that is cut out; None if pictures stay whole.

    Raises:
        ConfigError: one of the two alone.
    """
    if param.crop_size:
        return param.crop_size, param.crop_size
    if (param.crop_h > 0) != (param.crop_w > 0):
        raise ConfigError("crop_h and crop_w must be given both or not at all",
                          found=f"{param.crop_h} x {param.crop_w}")
    return (param.crop_h, param.crop_w) if param.crop_h else None


def seed_of(param: caffe_pb2.TransformationParameter, seed: int) -> int:
    """The seed of a transform_param's draws: its random_seed (NVIDIA), where that is 0 or more,
    else the net's."""
    return param.random_seed if param.HasField("random_seed") and param.random_seed >= 0 else seed


class Transformer:
    """Applies one layer's transform_param.

    Args:
        param: the layer's transform_param.
        phase: caffe_pb2.TRAIN or TEST.
        seed, stream: what the random draws depend on, besides the record's number.

    Raises:
        ConfigError: fields that exclude each other. NotFound, DataError: the mean_file.
    """

    def __init__(
        self, param: caffe_pb2.TransformationParameter, phase: int, seed: int = 0, stream: str = ""
    ) -> None:
        if param.force_color and param.force_gray:
            raise ConfigError("force_color and force_gray exclude each other")
        if param.HasField("mean_file") and param.mean_value:
            raise ConfigError("mean_file and mean_value exclude each other")
        self.color = True if param.force_color else False if param.force_gray else None
        self.crop = crop_of(param)
        self._crop_words = "crop_size" if param.crop_size else "crop_h and crop_w"
        self.mirror = param.mirror
        self.scale = np.float32(param.scale)
        self._mean_file = path_of(param, "mean_file")
        self.mean = read_mean(self._mean_file) if param.HasField("mean_file") else None
        self.mean_values = np.array(param.mean_value, np.float32)[:, None, None]
        self._random_crop = bool(self.crop) and phase == caffe_pb2.TRAIN
        seed = seed_of(param, seed)
        self._key = stream_key(seed, stream + "/transform")
        self.cutout: Cutout | None = None
        if param.HasField("cutout_param"):
            from caffepy.data.augment.cutout import Cutout

            self.cutout = Cutout(param.cutout_param, phase, stream_key(seed, stream + "/cutout"))

    def output_shape(self, channels: int, height: int, width: int) -> tuple[int, int, int]:
        """Shape of a C x H x W picture after the transformation; ShapeError if it does not fit."""
        size = f"{channels} x {height} x {width}"
        tall, wide = self.crop or (height, width)
        if tall > height or wide > width:
            raise ShapeError(
                f"the picture is smaller than {self._crop_words}",
                found=size,
                allowed=f"{tall} x {wide} or more",
            )
        if self.mean is not None and self.mean.shape != (channels, height, width):
            raise ShapeError(
                "the picture must have the size of mean_file",
                found=size,
                allowed=f"{' x '.join(map(str, self.mean.shape))}, the size of {self._mean_file}",
                fix="Make the mean of these pictures with compute_image_mean, or give mean_value.",
            )
        if len(self.mean_values) not in (0, 1, channels):
            raise ShapeError(
                "mean_value must be given once, or once for each channel",
                found=f"{len(self.mean_values)} values for {channels} channels",
            )
        return channels, tall, wide

    def batch(
        self,
        pictures: Iterable[np.ndarray],
        first: int,
        out: np.ndarray,
        step: int = 1,
        name: Callable[[int], str] = "picture {} of the batch".format,
    ) -> None:
        """Transform pictures into ``out``, each as soon as it comes: it is in the cache then.

        Args:
            pictures: N arrays C x H x W of any type; with a crop they may differ in size. Small
                ones go quicker as a list than one by one.
            first, step: the pictures are the records number first, first + step, ...
            out: N x C x H' x W', float; overwritten.
            name: what error messages call picture i.

        Raises:
            ShapeError: a picture that does not fit the transformation or the batch.
        """
        self._batch(pictures, first, out, step, name)
        if self.cutout:
            for i, picture in enumerate(out):
                self.cutout(picture, first + step * i)

    def _batch(
        self, pictures: Iterable[np.ndarray], first: int, out: np.ndarray, step: int,
        name: Callable[[int], str],
    ) -> None:
        # some pictures at a time, so that they are still in the cache when numbers and scale come
        some = max(1, _CACHE // out[0].nbytes)
        if isinstance(pictures, list) and self._all_at_once(pictures, out):
            for start in range(0, len(out), some):
                self._level(out[start : start + some])
            return
        flips, rows, columns = self._draw(first, step, len(out))
        spare = np.empty((2, *out.shape[1:]), np.uint8)
        known: set[tuple[int, ...]] = set()
        for i, picture in enumerate(pictures):
            if picture.shape not in known:
                self._check(picture, out.shape[1:], name, i)
                known.add(picture.shape)
            top = left = 0
            if self.crop:
                top, left = self._corner(rows[i], columns[i], picture.shape)
                tall, wide = self.crop
                picture = picture[:, top : top + tall, left : left + wide]
            self._put(picture, top, left, flips[i], out[i], spare)
            if (i + 1) % some == 0 or i + 1 == len(out):
                self._level(out[i // some * some : i + 1])

    def cuts(
        self, shape: tuple[int, ...], first: int, count: int, step: int = 1
    ) -> np.ndarray:
        """What ``batch`` does to ``count`` pictures of one shape, C x H x W, for those who do the
        rest elsewhere: N x 3, int32: row and column of the cut, and whether it is mirrored then.
        """
        flips, rows, columns = self._draw(first, step, count)
        result = np.zeros((count, 3), np.int32)
        if self.crop:
            result[:, 0], result[:, 1] = self._corner(
                np.array(rows), np.array(columns), shape)
        result[:, 2] = flips
        return result

    def _corner(self, rows: Any, columns: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Row and column where a picture is cut, from 32 random bits for each; or arrays of all."""
        assert self.crop
        above, beside = shape[1] - self.crop[0], shape[2] - self.crop[1]
        if not self._random_crop:
            return above // 2, beside // 2
        return rows * (above + 1) >> 32, columns * (beside + 1) >> 32

    def _all_at_once(self, pictures: list[np.ndarray], out: np.ndarray) -> bool:
        """Copy the pictures to ``out`` if nothing is drawn or cut, and all fit; else do nothing."""
        if self.crop or self.mirror or self.mean is not None:
            return False
        shape = out.shape[1:]
        if {picture.shape for picture in pictures} != {shape} or self.output_shape(*shape) != shape:
            return False
        np.concatenate(pictures, out=out.reshape(-1, *shape[1:]), casting="unsafe")
        return True

    def _put(
        self, picture: np.ndarray, top: int, left: int, flip: int, out: np.ndarray,
        spare: np.ndarray,
    ) -> None:
        """A picture, cut out at (top, left), into its place: mirrored, minus the mean picture."""
        if picture.dtype == np.uint8 and (flip or picture.strides[0] == 1):
            picture = image.planes(picture, bool(flip), spare)
        elif flip:
            picture = picture[:, :, ::-1]
        out[...] = picture
        if self.mean is None:
            return
        _, height, width = out.shape
        mean = self.mean
        if flip:
            mean = self._mirrored_mean
            left = mean.shape[2] - width - left
        # right after it, while it is in the cache: quicker than one pass that also changes types
        out -= mean[:, top : top + height, left : left + width]

    @cached_property
    def _mirrored_mean(self) -> np.ndarray:
        assert self.mean is not None
        return np.ascontiguousarray(self.mean[:, :, ::-1])

    def _level(self, pictures: np.ndarray) -> None:
        """Subtract the mean's numbers, and scale."""
        if len(self.mean_values):
            pictures -= self.mean_values
        if self.scale != 1:
            pictures *= self.scale

    def _check(
        self,
        picture: np.ndarray,
        expected: tuple[int, ...],
        name: Callable[[int], str],
        index: int,
    ) -> None:
        try:
            shape = self.output_shape(*picture.shape)
        except CaffeError as error:
            raise error.at(name(index)) from error
        if shape != expected:
            raise ShapeError(
                "the pictures of a batch must have one size",
                where=name(index),
                found=" x ".join(map(str, shape)),
                allowed=f"{' x '.join(map(str, expected))}, as the batch's first one",
                fix="Set crop_size, or resize the pictures when the database is made.",
            )

    def _draw(
        self, first: int, step: int, count: int
    ) -> tuple[list[int], list[int], list[int]]:
        """Whether to mirror; and 32 random bits each for row and column of the crop."""
        nothing = [0] * count
        numbers = (first + step * np.arange(count)) * _DRAWS
        flips = draws(self._key, numbers, 2).tolist() if self.mirror else nothing
        if not self._random_crop:
            return flips, nothing, nothing
        rows, columns = (draws(self._key, numbers + i, 1 << 32).tolist() for i in (1, 2))
        return flips, rows, columns
