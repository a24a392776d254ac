"""batch_sampler: the picture is cut to a part that shows enough of an object.

    batch_sampler { sampler { min_scale: 0.3 max_scale: 1
                              min_aspect_ratio: 0.5 max_aspect_ratio: 2 }
                    sample_constraint { min_jaccard_overlap: 0.5 }
                    max_sample: 1 max_trials: 50 }

Each sampler draws parts, up to max_trials, until max_sample of them (all, if it is not given) meet
its constraint with any one object. A part has scale² of the picture's area, as shares of width and
height it is aspect_ratio times as wide as high, and it may lie anywhere. Of all samplers' parts one
is taken; if there is none, the whole picture. Constraints are on the areas that part and object
share, over what both cover (jaccard_overlap), over the part's (sample_coverage) or over the
object's (object_coverage). Of several kinds in one sample_constraint the first alone counts, as in
the fork. SSD's (Liu et al., 2016, section 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy import log
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

logger = log.get(__name__)

NO_PARTS = np.empty((0, 4), np.float32)
KINDS = ("jaccard_overlap", "sample_coverage", "object_coverage")


class Sample(Change):
    """Args:
        samplers: the batch_samplers.
        emit: which boxes stay on the part.

    Raises:
        ConfigError: a sampler that can never succeed.
    """

    name = "sample"

    def __init__(self, samplers: Sequence[caffe_pb2.BatchSampler],
                 emit: caffe_pb2.EmitConstraint | None = None) -> None:
        for index, sampler in enumerate(samplers):
            try:
                _check(sampler)
            except ConfigError as error:
                raise error.at(f"batch_sampler {index}") from error
        self.samplers = [sampler for sampler in samplers if sampler.use_original_image]
        self.emit = emit

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        objects = boxes[:, boxes_of.PLACE]
        parts = np.concatenate([NO_PARTS, *(draw(sampler, objects, dice)
                                            for sampler in self.samplers)])
        if not len(parts):
            return pixels, boxes
        return cut_out(pixels, boxes, parts[dice.below(len(parts))], self.emit)


def cut_out(pixels: np.ndarray, boxes: np.ndarray, part: np.ndarray,
            emit: caffe_pb2.EmitConstraint | None) -> Changed:
    """A part of the picture, and the boxes on it; of its sides whole pixels are left."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = part * np.array([width, height, width, height], np.float32)
    row, column = min(int(top), height - 1), min(int(left), width - 1)
    pixels = pixels[row : row + max(1, int(bottom - top)),
                    column : column + max(1, int(right - left))]
    return np.ascontiguousarray(pixels), boxes_of.cut(boxes, part, emit)


def draw(sampler: caffe_pb2.BatchSampler, objects: np.ndarray, dice: Dice) -> np.ndarray:
    """The parts that one sampler gives, n x 4.

    Args:
        objects: places of the picture's objects.
    """
    how, trials = sampler.sampler, (sampler.max_trials,)
    scale = dice.uniforms(trials, how.min_scale, how.max_scale)
    aspect = dice.uniforms(trials, how.min_aspect_ratio, how.max_aspect_ratio)
    aspect = np.clip(aspect, scale**2, 1 / scale**2)  # so that it fits into the picture
    root = np.sqrt(aspect)
    size = np.minimum(np.stack([scale * root, scale / root], 1), 1)
    low = dice.uniforms((*trials, 2)) * (1 - size)
    parts = np.concatenate([low, np.minimum(low + size, 1)], 1)
    good = parts[meets(sampler.sample_constraint, parts, objects)]
    return good[: sampler.max_sample] if sampler.HasField("max_sample") else good


def meets(constraint: caffe_pb2.SampleConstraint, parts: np.ndarray, objects: np.ndarray
          ) -> np.ndarray:
    """Which parts meet the constraint with at least one object."""
    kind = next(iter(_kinds(constraint)), None)
    if kind is None:
        return np.ones(len(parts), bool)
    parts = parts[:, None]
    common = boxes_of.shared(parts, objects)
    of_part, of_object = (np.broadcast_to(boxes_of.area(places), common.shape)
                          for places in (parts, objects))
    value = boxes_of.ratio(common, {
        "jaccard_overlap": of_part + of_object - common,
        "sample_coverage": of_part, "object_coverage": of_object}[kind])
    good = np.ones(value.shape, bool)
    if constraint.HasField(f"min_{kind}"):
        good &= value >= np.float32(getattr(constraint, f"min_{kind}"))
    if constraint.HasField(f"max_{kind}"):
        good &= value <= np.float32(getattr(constraint, f"max_{kind}"))
    return np.asarray(good.any(1))


def _kinds(constraint: caffe_pb2.SampleConstraint) -> list[str]:
    return [kind for kind in KINDS
            if constraint.HasField(f"min_{kind}") or constraint.HasField(f"max_{kind}")]


def _check(sampler: caffe_pb2.BatchSampler) -> None:
    how, constraint = sampler.sampler, sampler.sample_constraint
    if not 0 < how.min_scale <= how.max_scale <= 1:
        raise ConfigError("a part cannot have such a scale",
                          found=f"{how.min_scale:g} to {how.max_scale:g}",
                          allowed="above 0, up to 1, and max_scale not below min_scale")
    if not 0 < how.min_aspect_ratio <= how.max_aspect_ratio < np.inf:
        raise ConfigError("a part cannot have such an aspect ratio",
                          found=f"{how.min_aspect_ratio:g} to {how.max_aspect_ratio:g}",
                          allowed="above 0, and max_aspect_ratio not below min_aspect_ratio")
    for word in ("max_trials", "max_sample"):
        if not getattr(sampler, word) and (word == "max_trials" or sampler.HasField(word)):
            raise ConfigError(f"it can never give a part: {word} is 0",
                              fix="Set 1 or more, or leave the sampler out.")
    for kind in (kinds := _kinds(constraint)):
        low = getattr(constraint, f"min_{kind}")
        high = getattr(constraint, f"max_{kind}")
        if not constraint.HasField(f"max_{kind}"):
            high = np.inf
        if low > min(high, 1) or high < 0:
            raise ConfigError(f"no part can ever have such a {kind}",
                              found=f"{low:g} to {high:g}", allowed="a range within 0 to 1",
                              fix="It is a share of areas.")
    if len(kinds) > 1:
        logger.warning("sample_constraint: %s alone counts, as in SSD's fork; %s does not.",
                       kinds[0], " and ".join(kinds[1:]))
    if not sampler.use_original_image:
        logger.warning("a batch_sampler with use_original_image: false gives no parts, as in "
                       "SSD's fork.")
