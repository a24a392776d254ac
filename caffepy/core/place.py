"""Place: where a value's numbers lie, in which order, and in which format.

Host and device have each order three times: in the value's own type, and in the two half-precision
formats that training gets by with (mixed precision). A value that lies in one of those has been
rounded to it; whoever reads another place gets the rounded numbers. NumPy and CuPy have a float16,
but no bfloat16: its arrays hold the bits, as uint16 (core/bfloat16.py).
"""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np

HALVES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(np.uint16)}
OWN = None  # the format of a value's own type
FORMATS: dict[str, tuple[str | None, ...]] = dict.fromkeys(("host", "device"), (OWN, *HALVES))


class Place:
    """A side ("host" or "device"), an order (C order or channels-last) and a format.

    There is one object of each kind, so places are compared by identity; ``Place.of`` finds it.
    The rest is worked out once and kept as plain attributes, since it is asked for on every call.

    Attributes:
        side, channels_last.
        half: "float16" or "bfloat16"; None where numbers have the value's own type.
        on_device: whether the side is the device's.
        plain, last: the same in C order, and channels-last.
        whole: the same in the value's own type.
        across: the same order on the other side, in the value's own type.
        beside: the places of the same side from which one copy makes this one, the best first.
    """

    __slots__ = ("across", "beside", "channels_last", "half", "last", "on_device", "plain", "side",
                 "whole")

    HOST: ClassVar[Place]
    HOST_LAST: ClassVar[Place]
    DEVICE: ClassVar[Place]
    DEVICE_LAST: ClassVar[Place]

    plain: Place
    last: Place
    whole: Place
    across: Place
    beside: tuple[Place, ...]

    def __init__(self, side: str, channels_last: bool, half: str | None) -> None:
        self.side, self.channels_last, self.half = side, channels_last, half
        self.on_device = side == "device"

    @staticmethod
    def of(side: str, channels_last: bool = False, half: str | None = OWN) -> Place:
        """The place of these three parts.

        Raises:
            KeyError: there is none; FORMATS says which format each side has.
        """
        return _PLACES[side, channels_last, half]

    def holding(self, dtype: str) -> Place:
        """The place of this side and order for numbers of a type: a half-precision one or not."""
        return _PLACES[self.side, self.channels_last, dtype if dtype in HALVES else OWN]

    def dtype(self, own: np.dtype[Any]) -> np.dtype[Any]:
        """What arrays here have for numbers whose own type is ``own``."""
        return HALVES[self.half] if self.half else own

    def __str__(self) -> str:
        order = "channels-last" if self.channels_last else None
        return ", ".join(filter(None, (self.side, self.half, order)))

    def __repr__(self) -> str:
        return f"<{self}>"

    def _relate(self) -> None:
        """Find the others, once all are there."""
        self.plain = Place.of(self.side, False, self.half)
        self.last = Place.of(self.side, True, self.half)
        self.whole = Place.of(self.side, self.channels_last)
        self.across = Place.of("host" if self.on_device else "device", self.channels_last)
        # A whole value is exact, so it is the source wherever there is one. From one half format
        # to the other the way leads through a whole place.
        others = [other for other in _PLACES.values() if other is not self
                  and other.side == self.side
                  and (other.half in (OWN, self.half) or self.half is OWN)]
        self.beside = tuple(sorted(others, key=lambda other: (
            other.half is not OWN, other.channels_last != self.channels_last)))


_PLACES = {(side, last, half): Place(side, last, half)
           for side, formats in FORMATS.items()
           for half, last in product(formats, (False, True))}
for _place in _PLACES.values():
    _place._relate()
Place.HOST, Place.HOST_LAST = Place.of("host"), Place.of("host", True)
Place.DEVICE, Place.DEVICE_LAST = Place.of("device"), Place.of("device", True)
PLACES = tuple(_PLACES.values())
