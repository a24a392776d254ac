"""What FlowNet's augmentation draws for a picture: 42 coefficients, and how layers hand them on.

In a blob, N x 42 x 1 x 1, those that do nothing at 0 stand as they are, and those that do nothing
at 1 as their logarithms: so zeros do nothing, and the sum of two rows does both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from caffepy.errors import ConfigError

Values = dict[str, float]

NEUTRAL: Values = {  # in the order of the fork's message AugmentationCoeff
    "mirror": 0, "dx": 0, "dy": 0, "angle": 0, "zoom_x": 1, "zoom_y": 1,
    "gamma": 1, "brightness": 0, "contrast": 1, "color1": 1, "color2": 1, "color3": 1,
    "pow_nomean0": 1, "pow_nomean1": 1, "pow_nomean2": 1,
    "add_nomean0": 0, "add_nomean1": 0, "add_nomean2": 0,
    "mult_nomean0": 1, "mult_nomean1": 1, "mult_nomean2": 1,
    "pow_withmean0": 1, "pow_withmean1": 1, "pow_withmean2": 1,
    "add_withmean0": 0, "add_withmean1": 0, "add_withmean2": 0,
    "mult_withmean0": 1, "mult_withmean1": 1, "mult_withmean2": 1,
    "lmult_pow": 1, "lmult_add": 0, "lmult_mult": 1, "col_angle": 0,
    "fog_amount": 0, "fog_size": 0, "motion_blur_angle": 0, "motion_blur_size": 0,
    "shadow_angle": 0, "shadow_distance": 0, "shadow_strength": 0, "noise": 0,
}  # fmt: skip
CLOSE = 1e-3  # what is so near to doing nothing does nothing

SPATIAL = ("mirror", "rotate", "zoom", "translate", "squeeze", "translate_x", "translate_y")
CHROMATIC = ("brightness", "gamma", "contrast", "color")
EIGEN = ("lmult_pow", "lmult_mult", "lmult_add", "sat_pow", "sat_mult", "sat_add", "col_pow",
         "col_mult", "col_add", "ladd_pow", "ladd_mult", "ladd_add", "col_rotate")
EFFECTS = ("fog_size", "fog_amount", "motion_blur_angle", "motion_blur_size", "shadow_angle",
           "shadow_distance", "shadow_strength", "noise")
WORDS = SPATIAL + CHROMATIC + EIGEN + EFFECTS

# the coefficients that each word of EIGEN draws; equal ones are drawn once
OF_EIGEN = {
    "ladd": (("nomean0",),), "col": (("nomean1",), ("nomean2",)),
    "sat": (("withmean1", "withmean2"),),
}  # fmt: skip


def pack(values: Values) -> np.ndarray:
    """A row of a blob."""
    return np.array([math.log(values[name]) if neutral else values[name]
                     for name, neutral in NEUTRAL.items()], np.float32)


def unpack(row: np.ndarray) -> Values:
    """The coefficients in a row of a blob."""
    found = {}
    for (name, neutral), number in zip(NEUTRAL.items(), row.tolist(), strict=True):
        value = math.exp(number) if neutral else number
        found[name] = neutral if abs(value - neutral) < CLOSE else value
    return found


def draw(
    param: Any, rng: np.random.Generator, discount: float = 1, unless: float | None = None
) -> float:
    """A number as a RandomGeneratorParameter says.

    Args:
        discount: what the schedule multiplies spread with.
        unless: what a "..._bernoulli" gives where its coin says no; None: 0, or its exponential.

    Raises:
        ConfigError: rand_type is none of them.
    """
    kind, coin = param.rand_type, param.rand_type.endswith("bernoulli")
    kind = kind.removesuffix("_bernoulli")
    if kind not in ("uniform", "gaussian", "bernoulli"):
        raise ConfigError("there is no such rand_type", found=param.rand_type,
                          allowed="uniform, gaussian, bernoulli, uniform_bernoulli, "
                                  "gaussian_bernoulli")
    hit = rng.random() < param.prob if coin else True
    if kind == "bernoulli":
        value = float(hit)
    else:
        spread = max(param.spread * (discount if param.apply_schedule else 1), 0)
        value = param.mean + spread * (
            rng.uniform(-1, 1) if kind == "uniform" else rng.standard_normal())
        if not hit:
            if unless is not None:
                return unless
            value = 0
        if param.exp:
            value = math.exp(value)
    if param.discretize:
        value = math.copysign(math.floor(abs(value) + 0.5), value)
    return float(param.multiplier * value)


def spatial(p: Any, rng: np.random.Generator, discount: float) -> Values:
    """What mirrors, turns, moves and stretches; the schedule does not reach mirror's coin."""
    found = dict(NEUTRAL)
    if p.HasField("mirror"):
        found["mirror"] = float(draw(p.mirror, rng, 0) != 0)
    if p.HasField("translate"):
        found["dx"] = draw(p.translate, rng, discount, 0)
        found["dy"] = draw(p.translate, rng, discount, 0)
    if p.HasField("translate_x"):
        found["dx"] = draw(p.translate_x, rng, discount, 0)
    if p.HasField("translate_y"):
        found["dy"] = draw(p.translate_y, rng, discount, 0)
    if p.HasField("rotate"):
        found["angle"] = draw(p.rotate, rng, discount, 0)
    if p.HasField("zoom"):
        found["zoom_x"] = found["zoom_y"] = draw(p.zoom, rng, discount, 1)
    if p.HasField("squeeze"):
        squeeze = draw(p.squeeze, rng, discount, 1)
        found["zoom_x"] *= squeeze
        found["zoom_y"] /= squeeze
    return found


def chromatic(p: Any, rng: np.random.Generator, discount: float) -> Values:
    found = {name: draw(getattr(p, name), rng, discount)
             for name in ("gamma", "brightness", "contrast") if p.HasField(name)}
    if p.HasField("color"):
        found |= {f"color{c}": draw(p.color, rng, discount) for c in (1, 2, 3)}
    return found


def eigen(p: Any, rng: np.random.Generator, discount: float) -> Values:
    """What is done along the axes of colors."""
    found: Values = {}
    for word, groups in OF_EIGEN.items():
        for what in ("pow", "add", "mult"):
            if p.HasField(f"{word}_{what}"):
                for group in groups:
                    value = draw(getattr(p, f"{word}_{what}"), rng, discount)
                    found |= {f"{what}_{name}": value for name in group}
    for name in ("lmult_pow", "lmult_mult", "lmult_add"):
        if p.HasField(name):
            found[name] = draw(getattr(p, name), rng, discount)
    if p.HasField("col_rotate"):
        found["col_angle"] = draw(p.col_rotate, rng, discount)
    return found


def effects(p: Any, rng: np.random.Generator, discount: float) -> Values:
    return {name: draw(getattr(p, name), rng, discount, None if name == "noise" else 0)
            for name in EFFECTS if p.HasField(name)}
