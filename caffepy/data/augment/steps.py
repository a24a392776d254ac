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

from caffepy.data.augment import adjust, degrade, stretch
from caffepy.data.augment.affine import Affine, Rotation
from caffepy.data.augment.area import OriginalImage, RandomAspectRatio
from caffepy.data.augment.change import Change
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
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

P = caffe_pb2.TransformationParameter


class Steps:
    """Args:
        param: the layer's transform_param.
        phase: caffe_pb2.TRAIN or TEST.
        own: the annotated_data_param of an AnnotatedData, which knows changes of its own.

    Attributes:
        before, after: the changes before and after resize_param.
        resizes: that; None without it.

    Raises:
        ConfigError: settings that cannot be.
    """

    def __init__(self, param: P, phase: int,
                 own: caffe_pb2.AnnotatedDataParameter | None) -> None:
        self._emit = param.emit_constraint if param.HasField("emit_constraint") else None
        self._train = phase == caffe_pb2.TRAIN
        self.before = [*(() if own is None else self._of_boxes(param, own)),
                       *self._moves(param, expands=own is None), *self._sizes(param)]
        self.resizes = Resizes(param.resize_param) if param.resize_param else None
        self.after = [*self._colours(param, distorts=own is None)]
        if param.padding:
            self.after.append(Padding(param))

    @property
    def moves(self) -> bool:
        """Whether they move pixels, or change only their colours."""
        return bool(self.before or self.resizes or any(
            isinstance(change, Padding) for change in self.after))

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
