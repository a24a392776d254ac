"""Whether pictures come as the net's file says they were made when it was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import CaffeError
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]

WHITE = 255
FAR = 64  # numbers this many times smaller than any picture's were scaled twice


def disagreement(rule: PictureRule, values: Array) -> str | None:
    """What is to be said of an input that cannot have been made by the rule; None if it may.

    Pixels of 0 to 255 come to lie between ``scale (0 - mean)`` and ``scale (255 - mean)``: numbers
    beyond, or far below, were made otherwise.
    """
    if values.ndim != 4 or not values.size:
        return None
    try:
        mean = rule.mean(values.shape)
    except CaffeError:  # a mean picture that is not here, or of another size
        return None
    mean = np.zeros(1, np.float32) if mean is None else mean
    low, high = rule.scale * -float(mean.max()), rule.scale * (WHITE - float(mean.min()))
    least, most = float(values.min()), float(values.max())
    room = 0.02 * (high - low)  # a mean written with fewer digits is the same mean
    beyond = least < low - room or most > high + room
    flat = most - least < (high - low) / FAR and most != least
    if not (beyond or flat):
        return None
    means = ", ".join(f"{value:g}" for value in mean.reshape(len(mean), -1).mean(1))
    return (f"The input's numbers lie between {least:g} and {most:g}; by picture_param in the "
            f"net's file they would lie between {low:g} and {high:g}: scalefactor {rule.scale:g}, "
            f"mean ({means}), channels in cv2.imread's order (BGR).")
