"""What FlowNet's augmentation does to colors, N x 3 x H x W, with coefficients N x 1 x 1 each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy.layers.flow._coefficients import NEUTRAL, Values

LITTLE = 1e-2  # what is no larger is left alone
BLACK = 0.01  # added to the sum of a pixel's colors, by which it is made as bright as before

COLORS = [name for name in NEUTRAL if name in ("gamma", "brightness", "contrast")
          or name.startswith("color")]
ALONG = [name for name in NEUTRAL if "mean" in name or name.startswith(("lmult", "col_"))]


def changes(items: Sequence[Values], names: Sequence[str]) -> bool:
    """Whether one of the items does anything of these kinds: then it is done to all of them."""
    return any(values[name] != NEUTRAL[name] for values in items for name in names)


def columns(xp: Any, items: Sequence[Values], dtype: Any) -> Any:
    """Each coefficient as N x 1 x 1, by name."""
    return {name: xp.asarray(np.array([values[name] for values in items], dtype)[:, None, None])
            for name in NEUTRAL}


def contrast(xp: Any, rgb: Any, c: Any, most: float) -> Any:
    """Colors, gamma, brightness, contrast; numbers are from 0 to 1 before, to ``most`` after."""
    colored = rgb * xp.stack([c["color1"], c["color2"], c["color3"]], axis=1)
    level = rgb.sum(axis=1, keepdims=True) / (colored.sum(axis=1, keepdims=True) + BLACK)
    gamma, brightness, stretch = (c[name][:, None] for name in ("gamma", "brightness", "contrast"))
    bright = xp.clip(colored * level, 0, 1) ** gamma + brightness
    return xp.clip(0.5 + (bright - 0.5) * stretch, 0, most)


class EigenSpace:
    """A batch's colors along given axes.

    Args:
        x: N x 3 x H x W, the pictures before anything was done to them.
        axes: nine numbers, an axis a row.
    """

    def __init__(self, xp: Any, x: Any, axes: Sequence[float]) -> None:
        self.xp = xp
        self.axes = xp.asarray(np.array(axes, x.dtype).reshape(3, 3))
        self.mean = x.mean(axis=(0, 2, 3))[:, None, None]
        along = turned(xp, self.axes, x)
        self.most = [float(number) for number in abs(along).max(axis=(0, 2, 3))]
        self.units = [number if number > LITTLE else 1.0 for number in self.most]
        means = self.axes @ self.mean[:, 0, 0]
        self.means = [float(mean) / unit for mean, unit in zip(means, self.units, strict=True)]
        self.length = sum(number**2 for number in self.most) ** 0.5

    def change(self, rgb: Any, c: Any, most: float) -> Any:
        """Powers, sums and factors: of each axis without the mean, then of the first axis,
        saturation and hue with it, then of the whole length."""
        xp = self.xp
        along = turned(xp, self.axes, rgb - self.mean)
        e = [along[:, i] for i in range(3)]
        for i in range(3):
            if self.most[i] > LITTLE:
                e[i] = self._bend(e[i] / self.units[i], c, f"nomean{i}")
            e[i] = e[i] + self.means[i]
        if self.most[0] > LITTLE:
            e[0] = self._bend(e[0], c, "withmean0")
        saturation = xp.sqrt(e[1] ** 2 + e[2] ** 2)
        colored = saturation > LITTLE
        wanted = xp.maximum(xp.where(colored, saturation, 1) ** c["pow_withmean1"]
                            + c["add_withmean1"], 0) * c["mult_withmean1"]
        cos, sin = xp.cos(c["col_angle"]), xp.sin(c["col_angle"])
        e[1], e[2] = cos * e[1] - sin * e[2], sin * e[1] + cos * e[2]
        e = [part * unit for part, unit in zip(e, self.units, strict=True)]
        before = self._length(e)
        factor = xp.where(colored, wanted / xp.where(colored, saturation, 1), 1)
        e[1], e[2] = e[1] * factor, e[2] * factor
        if self.length > LITTLE:
            now = self._length(e)
            wanted = xp.maximum((before / self.length) ** c["lmult_pow"] + c["lmult_add"], 0)
            wanted = wanted * c["lmult_mult"] * self.length
            seen = now > LITTLE
            factor = wanted / xp.where(seen, now, 1)
            e = [xp.where(seen, xp.minimum(part * factor, number), part)
                 for part, number in zip(e, self.most, strict=True)]
        return xp.clip(turned(xp, self.axes.T, xp.stack(e, axis=1)), 0, most)

    def _bend(self, part: Any, c: Any, name: str) -> Any:
        bent = self.xp.copysign(abs(part) ** c[f"pow_{name}"], part)
        return (bent + c[f"add_{name}"]) * c[f"mult_{name}"]

    def _length(self, e: Sequence[Any]) -> Any:
        return self.xp.sqrt(e[0] ** 2 + e[1] ** 2 + e[2] ** 2)


def turned(xp: Any, axes: Any, x: Any) -> Any:
    """Each pixel's colors, N x 3 x H x W, times a matrix."""
    return xp.matmul(axes, x.reshape(len(x), 3, -1)).reshape(x.shape)


def has_effects(items: Sequence[Values]) -> bool:
    return any(values["fog_amount"] and values["fog_size"] or values["motion_blur_size"] > 0
               or values["shadow_strength"] > 0 or values["noise"] > 0 for values in items)


def shadowed(xp: Any, x: Any, c: Any, most: float) -> Any:
    """A shadow on one side of a line; fog and blur do nothing in the original either."""
    height, width = x.shape[2:]
    across = xp.arange(width) - width // 2
    down = (xp.arange(height) - height // 2)[:, None]
    side = across * xp.cos(c["shadow_angle"]) + down * xp.sin(c["shadow_angle"])
    shadow = xp.where(side > c["shadow_distance"], c["shadow_strength"], 0)
    return xp.clip(x - shadow[:, None], 0, most)
