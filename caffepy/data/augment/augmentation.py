"""All changes that a transform_param asks for before the crop, one after the other.

    distort, expand, sample         those of AnnotatedData alone (SSD)
    expand                          elsewhere
    rotation, affine, perspective   the picture moved
    sizes                           random sizes, stretches and windows; resize_param (SSD)
    distort                         elsewhere
    colours, filters                twtygqyy's, then lighting, blur, gauss_noise, jpeg
    noise                           SSD's
    padding

Then follow crop, mirror, mean, scale and cutout (data/transform.py). Each is told in a file beside
this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from caffepy.data import image, opencv
from caffepy.data.augment import adjust, degrade, outside, stretch
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.affine import Affine, Rotation
from caffepy.data.augment.area import OriginalImage, RandomAspectRatio
from caffepy.data.augment.change import Change, Changed
from caffepy.data.augment.corners import Corners
from caffepy.data.augment.distort import Distort
from caffepy.data.augment.expand import Expand
from caffepy.data.augment.jitter import MOST, Jitter
from caffepy.data.augment.lighting import Lighting
from caffepy.data.augment.noise import Noise
from caffepy.data.augment.padding import Padding
from caffepy.data.augment.perspective import Perspective
from caffepy.data.augment.resize import Resizes
from caffepy.data.augment.sample import Sample
from caffepy.data.augment.short_side import MinSide, RandomResize
from caffepy.data.course import Worker
from caffepy.data.draws import Dice, stream_key
from caffepy.data.transform import seed_of
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2

P = caffe_pb2.TransformationParameter


class Augmented(NamedTuple):
    """What became of a picture.

    Attributes:
        picture: C x H x W.
        boxes: on it; see augment.boxes.
        stretch: None mostly; see ``Resize.stretch``.
    """

    picture: np.ndarray
    boxes: np.ndarray
    stretch: np.ndarray | None


class Augmentation:
    """Args:
        param: the layer's transform_param.
        worker: whose phase, seed and stream the draws depend on.
        own: the annotated_data_param of an AnnotatedData, which knows changes of its own.

    Raises:
        ConfigError: settings that cannot be.
    """

    def __init__(self, param: P, worker: Worker,
                 own: caffe_pb2.AnnotatedDataParameter | None = None) -> None:
        self._emit = param.emit_constraint if param.HasField("emit_constraint") else None
        self._train = worker.phase == caffe_pb2.TRAIN
        before = [*(() if own is None else self._of_boxes(param, own)),
                  *self._moves(param, expands=own is None), *self._sizes(param)]
        self._resizes = Resizes(param.resize_param) if param.resize_param else None
        after = [*self._colours(param, distorts=own is None)]
        if param.padding:
            after.append(Padding(param))
        self._seed = seed_of(param, worker.seed)
        self._stream = worker.stream
        self._before, self._after = ([(change, self._key(change.name)) for change in changes]
                                     for changes in (before, after))
        self._size_key, self._resize_key = self._key("size"), self._key("resize")

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self._before or self._resizes or self._after)

    @property
    def moves(self) -> bool:
        """Whether it moves pixels, or changes only their colours."""
        return bool(self._before or self._resizes or any(
            isinstance(change, Padding) for change, _ in self._after))

    def __call__(self, picture: np.ndarray, number: int, start: int,
                 boxes: np.ndarray = boxes_of.NONE) -> Augmented:
        """
        Args:
            picture: C x H x W, bytes; it stays as it is.
            number: the record's, of which all draws are functions but one:
            start: the number of the first record of all workers' batches, which decides on the
                size, since the pictures of a batch have one.
            boxes: on the picture.

        Raises:
            DataError, ShapeError: a picture that cannot be changed so.
        """
        if picture.dtype != np.uint8:
            raise DataError("only pictures of bytes can be resized and changed",
                            found=f"numbers of type {picture.dtype}",
                            fix="Leave out what transform_param says besides crop, mirror, mean, "
                                "scale and cutout_param.")
        pixels = image.pixels(picture)
        for change, key in self._before:
            pixels, boxes = _changed(change, pixels, boxes, Dice(key, number))
        stretched = None
        if self._resizes:
            resize = self._resizes.of_batch(Dice(self._size_key, start))
            stretched = resize.stretch(*pixels.shape[:2])
            pixels, boxes = _changed(resize, pixels, boxes, Dice(self._resize_key, number))
        for change, key in self._after:
            pixels, boxes = _changed(change, pixels, boxes, Dice(key, number))
        return Augmented(image.channels_first(pixels), boxes, stretched)

    def frames(self, clip: np.ndarray, number: int, start: int) -> np.ndarray:
        """A clip, C x L x H x W, whose frames are all changed alike, by the same draws."""
        made = [self(clip[:, i], number, start).picture for i in range(clip.shape[1])]
        return np.stack(made, axis=1)

    def labels(self, labels: np.ndarray, number: int, start: int, ignored: int) -> np.ndarray:
        """A picture of labels, H x W, changed as the picture of the same number and size is.

        Args:
            ignored: the label of what lies outside the picture.
        """
        for change, key in self._before:
            labels = change.labels(labels, Dice(key, number), ignored)
        if self._resizes:
            resize = self._resizes.of_batch(Dice(self._size_key, start))
            labels = resize.labels(labels, Dice(self._resize_key, number), ignored)
        for change, key in self._after:
            labels = change.labels(labels, Dice(key, number), ignored)
        return labels

    def _of_boxes(self, param: P, own: caffe_pb2.AnnotatedDataParameter) -> Iterator[Change]:
        if param.HasField("distort_param"):
            yield Distort(param.distort_param)
        if param.HasField("expand_param"):
            yield Expand(param)
        if own.batch_sampler:
            yield Sample(own.batch_sampler, self._emit)
        elif own.yolo_data_type:
            jitter = own.yolo_data_jitter if own.HasField("yolo_data_jitter") else MOST
            yield Jitter(jitter, param)

    def _moves(self, param: P, expands: bool) -> Iterator[Change]:
        if expands and param.HasField("expand_param"):
            yield Expand(param)
        moves: list[Change] = []
        if param.max_rotation_angle:
            moves.append(Rotation(param.max_rotation_angle, self._emit))
        if param.HasField("affine_param"):
            moves.append(Affine(param.affine_param, self._emit))
        if param.HasField("perspective_param"):
            moves.append(Perspective(param.perspective_param, self._emit))
        if self._train:
            yield from moves

    def _sizes(self, param: P) -> Iterator[Change]:
        if param.min_side:
            yield MinSide(param.min_side, param.min_side, "min_side")
        if param.min_side_min and param.min_side_max:
            yield MinSide(param.min_side_min, param.min_side_max, "min_side_min, min_side_max")
        if stretch.asked(param):
            yield stretch.Stretch(param)
        if param.HasField("random_resize_param"):
            yield RandomResize(param.random_resize_param)
        windows: list[Change] = []
        if param.HasField("random_aspect_ratio_param"):
            windows.append(RandomAspectRatio(param.random_aspect_ratio_param, param.crop_size,
                                             self._emit))
        if param.original_image:
            windows.append(OriginalImage(param.crop_size, self._train, self._emit))
        elif param.multi_scale or param.fix_crop:
            corners = Corners(param, self._emit)
            windows += [corners] if self._train else []
        if len(windows) > 1:
            raise ConfigError("random_aspect_ratio_param excludes original_image, multi_scale and "
                              "fix_crop", fix="Each of them cuts windows: keep one.")
        yield from windows

    def _colours(self, param: P, distorts: bool) -> Iterator[Change]:
        if distorts and param.HasField("distort_param"):
            yield Distort(param.distort_param)
        changes: list[Change] = []
        if param.max_color_shift:
            changes.append(adjust.ColorShift(param))
        if param.contrast_brightness_adjustment:
            changes.append(adjust.Contrast(param))
        if param.smooth_filtering:
            changes.append(adjust.Smooth(param))
        if param.HasField("lighting_param"):
            changes.append(Lighting(param.lighting_param))
        if param.HasField("blur_param"):
            changes.append(degrade.Blur(param.blur_param))
        if param.HasField("gauss_noise_param"):
            changes.append(degrade.GaussNoise(param.gauss_noise_param))
        if param.HasField("jpeg_param"):
            changes.append(degrade.Jpeg(param.jpeg_param))
        if self._train:
            yield from changes
        if param.HasField("noise_param"):
            yield Noise(param.noise_param)

    def _key(self, name: str) -> int:
        return stream_key(self._seed, f"{self._stream}/augment/{name}")


def _changed(change: Change, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
    """What a change makes; DataError if OpenCV cannot do it to such a picture."""
    try:
        return change(pixels, boxes, dice)
    except opencv.load().error as error:
        raise DataError(f"the picture cannot be changed ({change.name}): {error.err}",
                        found=f"{outside.channels(pixels)} channels",
                        fix="OpenCV does all changes to 1 or 3 channels.") from error
