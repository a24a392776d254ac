"""DataAugmentation: pictures cropped, turned, stretched and colored at random, minus a mean.

bottom  x, N x C x H x W; optionally coefficients, N x 42 x 1 x 1, of another such layer
top     y, N x C x crop_height x crop_width; optionally the coefficients
param   augmentation_param { crop_width: 448 crop_height: 320 augment_during_test: false
        max_multiplier: 255 recompute_mean: 0 mean_per_pixel: true mean: 0.4 write_augmented: ""
        chromatic_eigvec: 0.5 mirror { rand_type: "bernoulli" prob: 0.5 } translate { spread: 0.2 }
        rotate { } zoom { exp: true } squeeze { } translate_x { } translate_y { } gamma { }
        brightness { } contrast { } color { } lmult_pow { } ... shadow_angle { } noise { } }
        coeff_schedule_param { half_life: 1 initial_coeff: 1 final_coeff: 1 }

Without both crop sizes y is x, whatever else is said. Else y is interpolated about the middle of x,
in TEST too. In TRAIN (or with augment_during_test) each picture has coefficients of its own: first
it is moved, so that it lies within x, then its colors change, along the nine numbers of
chromatic_eigvec (ladd, col, sat, lmult) and as they are (gamma to color, which want 0 to 1), then
there may be a shadow and noise. With write_augmented the log tells what was drawn. A schedule grows
from initial_coeff to final_coeff and multiplies each spread. For so many first batches as
recompute_mean says, parameters gather the mean of y; it is subtracted by the pixel, or by the
channel with mean_per_pixel: false. Without it three numbers of ``mean`` are subtracted, with
mean_per_pixel: false alone, as in the original.

The blobs are how many batches there were, and with recompute_mean the mean by the pixel, and by the
channel. Of weights for another size the mean becomes that of its channels everywhere. There is no
gradient. FlowNet's and FlowNet2's, which has a GPU code alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place
from caffepy.core.registry import register
from caffepy.errors import CaffeError, ShapeError
from caffepy.layers.flow import _coefficients as coefficients
from caffepy.layers.flow import _colors as colors
from caffepy.layers.flow._coefficients import NEUTRAL, Values, pack, unpack
from caffepy.layers.flow._placed import drawn, matrix, sample
from caffepy.proto import caffe_pb2

logger = log.get(__name__)

RATE = 1.0986  # log 3: half of the schedule's way after half_life batches


@register("DataAugmentation", dialect="flownet", param="augmentation_param")
class DataAugmentation(Layer):
    bottoms = "1-2"
    tops = "1-2"
    labels = (1,)
    keeps = ()
    learns = ("count", "mean", "channel mean")
    gathers = True
    obeys = ("coeff_schedule_param",)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if bottom[0].ndim != 4:
            self.fail("pictures are N x C x H x W", kind=ShapeError,
                      found=f"shape {bottom[0].shape}")
        self.cropping = self.p.HasField("crop_width") and self.p.HasField("crop_height")
        if not self.cropping and any(map(self.p.HasField, coefficients.WORDS)):
            logger.warning("%s: without crop_width and crop_height nothing is augmented.",
                           self.place_name)
        if len(self.p.chromatic_eigvec) not in (0, 9):
            self.fail("chromatic_eigvec are three axes of three numbers",
                      found=f"{len(self.p.chromatic_eigvec)} numbers")
        self.at_random = self.phase == caffe_pb2.TRAIN or self.p.augment_during_test
        self.add_blob((1, 1, 1, 1))
        if self.p.recompute_mean:
            self.add_blob((1, bottom[0].shape[1], *self._size(bottom)))
            self.add_blob((1, bottom[0].shape[1], 1, 1))
        params = self.spec.param
        for index in range(len(self.blobs)):  # gathered, not learned
            if index == len(params):
                params.add()
            params[index].lr_mult = params[index].decay_mult = 0
            self.param_propagate_down[index] = False

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """A mean of pictures of another size serves by its channels."""
        if len(given) == len(self.blobs) == 1:
            return given
        if len(self.blobs) == 1:
            return given[:1]
        own: list[Array | None] = [blob.values.read(Place.HOST) for blob in self.blobs]
        if len(given) != len(self.blobs):
            return own
        count, mean, channels = given
        if mean is not None and mean.shape[-2:] != self.blobs[1].shape[-2:]:
            if self.p.mean_per_pixel:
                channels = mean.mean(axis=(-2, -1), keepdims=True)
            mean = None
        if mean is None and channels is not None and channels.size == self.blobs[2].count:
            mean = np.broadcast_to(channels.reshape(self.blobs[2].shape), self.blobs[1].shape)
        return [count, mean, channels]

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape = bottom[0].shape
        size = self._size(bottom)
        if len(shape) != 4 or min(have - wanted for have, wanted in zip(
                shape[2:], size, strict=True)) < 0:
            self.fail("the crop must fit into the pictures", kind=ShapeError,
                      found=f"shape {shape}", allowed=f"{size[0]} x {size[1]} or more")
        if self.p.recompute_mean and (shape[1], *size) != self.blobs[1].shape[1:]:
            self.fail("the size cannot change where a mean is gathered", kind=ShapeError,
                      found=f"shape {shape}", allowed=f"{self.blobs[1].shape[1:]}",
                      fix="Give crop_width and crop_height.")
        rows = (shape[0], len(NEUTRAL), 1, 1)
        if len(bottom) > 1 and bottom[1].count != math.prod(rows):
            self.fail("the second bottom must have the coefficients of each picture",
                      kind=ShapeError, found=f"shape {bottom[1].shape}", allowed=rows)
        top[0].reshape(*shape[:2], *size)
        if len(top) > 1:
            top[1].reshape(rows)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        x, y = self.read(bottom[0].values), self.overwrite(top[0].values)
        counter = self.blobs[0].values.write(Place.HOST)
        counter[...] = np.trunc(counter) + 1
        self.count = float(counter.flat[0])
        self.position += 1
        rows = np.zeros((len(x), len(NEUTRAL)), np.float32)
        if len(bottom) > 1:
            rows[...] = bottom[1].values.read(Place.HOST).reshape(rows.shape)
        elif self.cropping and self.at_random:
            rng = self.context.generator(self.stream, self.position)
            rows[...] = [self._draw(rng, y.shape[2:], x.shape[2:]) for _ in x]
            if self.p.write_augmented:
                self._tell(rows)
        if len(top) > 1:
            top[1].values.overwrite(Place.HOST)[...] = rows[..., None, None]
        y[...] = self._augmented(x, y.shape[2:], [unpack(row) for row in rows]) if (
            self.cropping) else x
        self._subtract_mean(y)

    def _size(self, bottom: Blobs) -> tuple[int, int]:
        if self.cropping:
            return self.p.crop_height, self.p.crop_width
        height, width = bottom[0].shape[2:]
        return height, width

    def _draw(self, rng: np.random.Generator, crop: Any, whole: Any) -> Array:
        p, schedule = self.p, self.spec.coeff_schedule_param
        grown = 2 / (1 + math.exp(-RATE * self.count / schedule.half_life)) - 1
        discount = schedule.initial_coeff + grown * (
            schedule.final_coeff - schedule.initial_coeff)
        values: Values = dict(NEUTRAL)
        try:
            if any(map(p.HasField, coefficients.SPATIAL)):
                values = drawn(p, rng, discount, crop, whole)
            for some in (coefficients.chromatic, coefficients.eigen, coefficients.effects):
                values |= some(p, rng, discount)
            return pack(values)
        except CaffeError as error:
            raise error.at(self.place_name) from error
        except ValueError:
            self.fail("a factor or a power that is drawn must be above 0", found=", ".join(
                f"{name} {values[name]:g}" for name, neutral in NEUTRAL.items()
                if neutral and values[name] <= 0), fix="Give its generator exp: true.")

    def _tell(self, rows: Array) -> None:
        """What was drawn, for the log."""
        for i, row in enumerate(rows):
            logger.info("Augmenting %d: %s", i, ", ".join(
                f"{name} {value:g}" for name, value in unpack(row).items()
                if value != NEUTRAL[name]) or "nothing")

    def _augmented(self, x: Array, crop: Any, items: list[Values]) -> Array:
        xp, most = self.xp, self.p.max_multiplier
        y = xp.stack([sample(xp, picture, matrix(values, crop, x.shape[2:]), crop)
                      for picture, values in zip(x, items, strict=True)])
        c = colors.columns(xp, items, self.dtype)
        if colors.changes(items, colors.ALONG):
            self._check_colors(x)
            if len(self.p.chromatic_eigvec) != 9:
                self.fail("changes along the axes of colors need chromatic_eigvec, nine numbers")
            y = colors.EigenSpace(xp, x, self.p.chromatic_eigvec).change(y, c, most)
        if colors.changes(items, colors.COLORS):
            self._check_colors(x)
            y = colors.contrast(xp, y, c, most)
        if colors.has_effects(items):
            self._check_colors(x)
            y = colors.shadowed(xp, y, c, most)
            for i, values in enumerate(items):
                if values["noise"] > 0:
                    generator = self.context.generator(f"{self.stream}/noise/{i}", self.position)
                    y[i] += xp.asarray(
                        values["noise"] * generator.standard_normal(y[i].shape, np.float32))
        return y

    def _check_colors(self, x: Array) -> None:
        if x.shape[1] != 3:
            self.fail("colors need three channels", kind=ShapeError, found=f"shape {x.shape}")

    def _subtract_mean(self, y: Array) -> None:
        p = self.p
        if p.recompute_mean:
            mean, channels = (blob.values for blob in self.blobs[1:])
            if self.count <= p.recompute_mean:
                gathered = self.write(mean)
                gathered *= self.count - 1
                gathered += y.mean(axis=0)
                gathered /= self.count
                self.overwrite(channels)[...] = gathered.mean(axis=(2, 3), keepdims=True)
            y -= self.read(mean if p.mean_per_pixel else channels)
        elif len(p.mean) == 3 and not p.mean_per_pixel:
            self._check_colors(y)
            y -= self.xp.asarray(np.array(p.mean, y.dtype)[:, None, None])
