"""Windows drawn from a window file, cut out and warped to squares, in batches: R-CNN's way."""

from __future__ import annotations

import math

import numpy as np

from caffepy import log
from caffepy.core.memory import Shape
from caffepy.data import image, missing
from caffepy.data.course import Share, Worker
from caffepy.data.draws import draws
from caffepy.data.records import Records, Room
from caffepy.data.recycle import Batch
from caffepy.data.transform import read_mean
from caffepy.data.window_file import Windows, read_window_file
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)

CROP_MODES = ("warp", "square")
_DRAWS = 2  # a record's: the window, and whether to mirror it


def round_half_away(x: float) -> int:
    """C's round: halves go away from zero (Python's go to the even number)."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def region(
    box: tuple[int, int, int, int], height: int, width: int, crop: int, context: int,
    square: bool, flip: bool,
) -> tuple[tuple[int, int, int, int], tuple[int, int], tuple[int, int]]:
    """What of a picture to cut out for a window, and where it goes in the crop x crop result.

    With ``context`` the box grows so that, once warped, ``context`` pixels lie around it; with
    ``square`` its shorter side first becomes as long as the other. What then lies outside the
    picture stays empty.

    Args:
        box: x1, y1, x2, y2, the corners included.
        height, width: of the picture.
        flip: the cut-out will be mirrored, and what is left empty beside it as well.

    Returns: the corners to cut out, included; (height, width) to warp them to; and how many
        rows above and columns to the left stay empty.
    """
    x1, y1, x2, y2 = box
    if not context and not square:
        # the original fails where a box sticks out of its picture
        inside = (max(x1, 0), max(y1, 0), min(x2, width - 1), min(y2, height - 1))
        return inside, (crop, crop), (0, 0)
    # in float32, as the original: roundings of halves depend on it
    f = np.float32
    scale = f(crop) / f(crop - 2 * context)
    half_height, half_width = f(y2 - y1 + 1) / f(2), f(x2 - x1 + 1) / f(2)
    center_x, center_y = f(x1) + half_width, f(y1) + half_height
    if square:
        half_height = half_width = max(half_height, half_width)
    x1, x2 = (round_half_away(float(center_x + sign * half_width * scale)) for sign in (-1, 1))
    y1, y2 = (round_half_away(float(center_y + sign * half_height * scale)) for sign in (-1, 1))
    scale_x, scale_y = f(crop) / f(x2 - x1 + 1), f(crop) / f(y2 - y1 + 1)
    left, above = max(0, -x1), max(0, -y1)
    right, below = max(0, x2 - width + 1), max(0, y2 - height + 1)
    x1, y1, x2, y2 = x1 + left, y1 + above, x2 - right, y2 - below

    def warped(count: int, ratio: np.float32) -> int:
        return round_half_away(float(f(count) * ratio))

    above, left = warped(above, scale_y), warped(right if flip else left, scale_x)
    # rounding may leave a pixel too many
    to_height = min(warped(y2 - y1 + 1, scale_y), crop - above)
    to_width = min(warped(x2 - x1 + 1, scale_x), crop - left)
    return (x1, y1, x2, y2), (to_height, to_width), (above, left)


class WindowRecords(Records):
    """Windows, a new draw for each record: the file is no sequence.

    The first part of a batch is background (class 0), the last fg_fraction of it foreground. Which
    windows come, and which are mirrored, is a function of (seed, stream, record number).

    Args:
        param, transform_param: the layer's window_data_param and transform_param. The scale is
            the product of both messages' (each is 1 unless given): the original reads the
            first alone, though its upgrade of old nets moves the number to the second.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the line where there is one.
    """

    def __init__(
        self,
        param: caffe_pb2.WindowDataParameter,
        transform_param: caffe_pb2.TransformationParameter,
        worker: Worker,
    ) -> None:
        _check_params(param, transform_param)
        self._param = param
        self._crop = transform_param.crop_size
        self._mirror = transform_param.mirror
        self._scale = np.float32(param.scale) * np.float32(transform_param.scale)
        self._key = worker.key("windows")
        self._log_settings()
        self._list, self._root = path_of(param, "source"), path_of(param, "root_folder")
        file = read_window_file(self._list, param.fg_threshold, param.bg_threshold)
        self._pictures = file.pictures
        foreground = int(np.float32(param.batch_size) * np.float32(param.fg_fraction))
        # a batch's background records, then its foreground records
        self._sets = [(file.background, param.batch_size - foreground),
                      (file.foreground, foreground)]
        logger.info("Number of images: %d, of foreground windows: %d, of background windows: %d",
                    len(file.pictures), len(file.foreground), len(file.background))
        for what, (windows, count) in zip(("background", "foreground"), self._sets, strict=True):
            if count and not len(windows):
                raise ConfigError(
                    f"the window file has no {what} window", where=param.source,
                    found=f"{count} wanted in each batch of {param.batch_size}",
                    fix="Look at fg_threshold, bg_threshold and fg_fraction.")
        self._channels = self._common_channels()
        self._mean = self._read_mean(transform_param)
        self._cache: dict[int, bytes] = {}

    def _log_settings(self) -> None:
        param = self._param
        logger.info(
            "Window data layer: foreground (object) overlap threshold: %g, background (non-object) "
            "overlap threshold: %g, foreground sampling fraction: %g, root_folder: %s",
            param.fg_threshold, param.bg_threshold, param.fg_fraction,
            path_of(param, "root_folder"))
        logger.info("Amount of context padding: %d", param.context_pad)
        logger.info("Crop mode: %s", param.crop_mode)

    def _common_channels(self) -> int:
        channels = {picture.channels for picture in self._pictures}
        if len(channels) > 1:
            odd = next(p for p in self._pictures if p.channels != self._pictures[0].channels)
            raise ShapeError(
                "the pictures of a window file must have equally many channels",
                where=self._list, found=f"{odd.channels} of {odd.path}",
                allowed=f"{self._pictures[0].channels}, as the first picture")
        return channels.pop()

    def _read_mean(self, param: caffe_pb2.TransformationParameter) -> np.ndarray | None:
        """What to subtract, C x crop x crop or C x 1 x 1: the middle of mean_file, or values."""
        if param.mean_value:
            if len(param.mean_value) not in (1, self._channels):
                raise ShapeError("mean_value must be given once, or once for each channel",
                                 found=f"{len(param.mean_value)} values for {self._channels}")
            values = np.array(param.mean_value, np.float32)[:, None, None]
            return np.broadcast_to(values, (self._channels, 1, 1))
        if not param.HasField("mean_file"):
            return None
        path = path_of(param, "mean_file")
        mean = read_mean(path)
        channels, height, width = mean.shape
        if channels != self._channels or height != width or height < self._crop:
            raise ShapeError("the mean picture must be square, and no smaller than crop_size",
                             where=path, found=" x ".join(map(str, mean.shape)),
                             allowed=f"{self._channels} x n x n, n at least {self._crop}")
        offset = (width - self._crop) // 2
        return mean[:, offset : offset + self._crop, offset : offset + self._crop]

    def begin(self, share: Share) -> list[Shape]:
        return [(len(share), self._channels, self._crop, self._crop), (len(share),)]

    def batch(self, share: Share, room: Room) -> Batch:
        batch = room(self.begin(share))
        batch.data[...] = 0
        total, numbers = len(share), np.array(share.numbers)
        flips = (draws(self._key, numbers * _DRAWS + 1, 2) if self._mirror
                 else np.zeros(total, np.int64))
        done = 0
        for windows, count in self._sets:
            part = slice(done, done + count)
            chosen = draws(self._key, numbers[part] * _DRAWS, len(windows))
            batch.labels[part] = windows.label[chosen]
            for item, index in enumerate(chosen.tolist(), done):
                self._set_in(batch.data[item], windows, index, bool(flips[item]))
            done += count
        if self._scale != 1:
            batch.data *= self._scale
        return batch

    def close(self) -> None:
        """Let go of the cached pictures."""
        self._cache.clear()

    def _set_in(self, out: np.ndarray, windows: Windows, index: int, flip: bool) -> None:
        """Put a window, C x h x w, minus the mean, into its place in ``out``, a zero square."""
        which, line = int(windows.picture[index]), int(windows.line[index])
        try:
            picture = self._load(which)
        except CaffeError as error:
            if isinstance(error, NotFound):
                missing.explain(error, self._root, self._pictures[which].path,
                                self._list, [other.path for other in self._pictures])
            raise error.at(f"{self._list}:{line}") from error
        box = windows.box[index].tolist()
        (x1, y1, x2, y2), (height, width), (above, left) = region(
            box, picture.shape[1], picture.shape[2], self._crop, self._param.context_pad,
            self._param.crop_mode == "square", flip)
        if x2 < x1 or y2 < y1:
            raise ShapeError(
                "the window lies outside its picture", where=f"{self._list}:{line}",
                found=f"{' x '.join(map(str, picture.shape[1:]))} (height x width) of "
                      f"{self._pictures[which].path}, window {' '.join(map(str, box))}")
        if height < 1 or width < 1:
            return  # so little of it lies in the picture that nothing is left once warped
        patch = image.resize(picture[:, y1 : y2 + 1, x1 : x2 + 1], height, width)
        if flip:
            patch = patch[:, :, ::-1]
        place = (slice(None), slice(above, above + height), slice(left, left + width))
        if self._mean is None:
            out[place] = patch
        else:
            mean = self._mean if self._mean.shape[1] == 1 else self._mean[place]
            np.subtract(patch, mean, out=out[place], casting="unsafe")

    def _load(self, which: int) -> np.ndarray:
        """A picture, C x H x W; with cache_images its file's bytes are kept."""
        data = self._cache.get(which)
        path = self._root + self._pictures[which].path
        if data is None:
            data = _read_bytes(path)
            if self._param.cache_images:
                self._cache[which] = data
        try:
            return image.decode(data, self._channels == 3)
        except CaffeError as error:
            raise error.at(path) from error


def _read_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise NotFound("there is no such picture", where=path,
                       fix="Its path is root_folder, then the path in the window file.") from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error


def _check_params(
    param: caffe_pb2.WindowDataParameter, transform_param: caffe_pb2.TransformationParameter
) -> None:
    if not param.source:
        raise ConfigError("window_data_param needs a source, a window file")
    if not param.batch_size:
        raise ConfigError("window_data_param needs a batch_size of 1 or more")
    if not transform_param.crop_size:
        raise ConfigError("WindowData needs transform_param { crop_size: ... }",
                          fix="It is the side of the square that windows are warped to.")
    if param.crop_mode not in CROP_MODES:
        raise ConfigError("unknown crop_mode", found=repr(param.crop_mode),
                          allowed=", ".join(CROP_MODES))
    if 2 * param.context_pad >= transform_param.crop_size:
        raise ConfigError("context_pad leaves nothing of the window", found=param.context_pad,
                          allowed=f"less than half of crop_size, {transform_param.crop_size}")
    if not 0 <= param.fg_fraction <= 1:
        raise ConfigError("fg_fraction is a part of the batch", found=param.fg_fraction,
                          allowed="0 to 1")
    if transform_param.mean_value and transform_param.HasField("mean_file"):
        raise ConfigError("mean_file and mean_value exclude each other")
