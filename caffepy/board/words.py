"""Numbers in the words of a page."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

NONE = "–"  # where nothing is known


def number(value: float | None) -> str:
    """Five digits at most; a dash for what is none."""
    if value is None or isinstance(value, float) and math.isnan(value):
        return NONE
    if isinstance(value, int) or math.isfinite(value) and abs(value) < 1e9 and value == int(value):
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:.5g}"


def size(count: float | None) -> str:
    """Bytes."""
    if count is None:
        return NONE
    if count < 1000:
        return f"{count:.0f} bytes"
    power = min(int(math.log10(count)) // 3, 3)
    return f"{count / 1000 ** power:.3g} {('KB', 'MB', 'GB')[power - 1]}"


def duration(seconds: float | None) -> str:
    """Seconds as the two largest units."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h"


def named(names: Mapping[int, str], label: int) -> str:
    """A class's name, its number if it has none."""
    return names.get(label) or str(label)


def date(seconds: float) -> str:
    """A time since the epoch, as this machine's clock shows it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def ago(seconds: float) -> str:
    """How long ago."""
    return "just now" if seconds < 3 else f"{duration(seconds)} ago"
