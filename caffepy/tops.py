"""What net_spec says of tops and bottoms that cannot be meant so."""

from __future__ import annotations

import dis
from types import FrameType
from typing import Any

from caffepy.errors import ConfigError


class NotATop(ConfigError, TypeError):
    """Something else where a layer's top is wanted (a TypeError, which pycaffe raised)."""


def checked_count(type_name: str, ntop: Any) -> int:
    """``ntop``, if it is a number of tops."""
    if isinstance(ntop, str) or not hasattr(ntop, "__index__") or ntop < 0:
        raise NotATop(f"ntop of {type_name} is how many tops there are", found=repr(ntop))
    return int(ntop)


def not_an_input(type_name: str, index: int, given: Any) -> NotATop:
    """What is wrong with something that is no Top."""
    fix = None
    if isinstance(given, str):
        fix = f"Give the top itself, n[{given!r}], or the blob by its name, bottom={given!r}."
    elif isinstance(given, list):
        fix = f"Write L.{type_name}(*tops) for several."
    elif hasattr(given, "tops"):
        fix = ("It is a layer without tops (ntop=0)." if not given.tops else
               "It is a layer; take one of its tops.")
    kind = tuple if isinstance(given, tuple) else type(given)
    return NotATop(f"{type_name} input {index} is not a Top (type is {kind})", fix=fix)


def wanted(frame: FrameType) -> int | None:
    """How many names stand on the left, where the frame is about to take a sequence apart."""
    code = frame.f_code.co_code
    at = frame.f_lasti
    return code[at + 1] if dis.opname[code[at]] == "UNPACK_SEQUENCE" else None


def unpacked(fn: Any, frame: FrameType) -> NotATop:
    """Tops that are taken apart as if there were more or fewer of them."""
    names = wanted(frame)
    return NotATop(f"{fn.type_name} makes {fn.ntop} top{'s' * (fn.ntop != 1)} here",
                   found=f"{names} names for them" if names else None,
                   fix=f"Give ntop={names or '...'}.")
