"""Place: where a value's numbers lie, in which order, and in how many bits.

A device has each order three times: in the value's own type, and in the two half-precision formats
that training gets by with (mixed precision). A value that lies in one of those has been rounded to
it; whoever reads another place gets the rounded numbers. NumPy and CuPy have a float16, but no
bfloat16: its arrays hold the bits, as uint16.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

HALVES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(np.uint16)}


class Place(Enum):
    """Where and how the numbers lie."""

    HOST = "host"
    HOST_LAST = "host, channels-last"
    DEVICE = "device"
    DEVICE_LAST = "device, channels-last"
    DEVICE_FLOAT16 = "device, float16"
    DEVICE_FLOAT16_LAST = "device, float16, channels-last"
    DEVICE_BFLOAT16 = "device, bfloat16"
    DEVICE_BFLOAT16_LAST = "device, bfloat16, channels-last"

    # set right below, as plain attributes, since they are asked for on every call
    on_device: bool
    channels_last: bool
    half: str | None  # "float16" or "bfloat16"; None where numbers have the value's own type
    plain: Place  # the same in C order
    last: Place  # the same, channels-last
    whole: Place  # the same in the value's own type
    across: Place  # of a whole place: the same order on the other side
    beside: tuple[Place, ...]  # from which one copy on the same side makes it, the best first

    __hash__ = object.__hash__  # Enum's own runs Python code, and places key every look-up

    def holding(self, dtype: str) -> Place:
        """The place of this side and order for numbers of a type: a half-precision one or not."""
        return _HOLDING[self, dtype]

    def dtype(self, own: np.dtype[Any]) -> np.dtype[Any]:
        """What arrays here have for numbers whose own type is ``own``."""
        return HALVES[self.half] if self.half else own


for _place in Place:
    _side, *_words = _place.name.split("_")
    _half = next((word for word in _words if word != "LAST"), None)
    _base = f"{_side}_{_half}" if _half else _side
    _order = "_LAST" if "LAST" in _words else ""
    _place.on_device = _side == "DEVICE"
    _place.channels_last = bool(_order)
    _place.half = _half.lower() if _half else None
    _place.plain = Place[_base]
    _place.last = Place[_base + "_LAST"]
    _place.whole = Place[_side + _order]
    _place.across = Place[("HOST" if _place.on_device else "DEVICE") + _order]

_HOLDING = {(place, half or own): other
            for place in Place for half in (None, *HALVES) for own in ("float32", "float64")
            for other in Place
            if (other.whole, other.half) == (place.whole, half)}

for _place in Place:
    # A whole value is exact, so it is the source wherever there is one. From one half format to
    # the other the way leads through a whole place.
    _others = [other for other in Place if other is not _place
               and other.on_device == _place.on_device
               and (other.half in (None, _place.half) or _place.half is None)]
    _place.beside = tuple(sorted(_others, key=lambda other: (
        other.half is not None, other.channels_last != _place.channels_last)))
