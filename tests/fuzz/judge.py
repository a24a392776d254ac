"""Whether two runs of a case agree, as far as arithmetic in float32 can.

A number may be off by a few units in the last place of its own size and the mean size around it; by
more if it is a long sum: n numbers added one after the other are off by about the root of n.
What is off by more is held against what shaking all given numbers in their last bits changes in
the truth: a sum that cancels, a number near a kink or a tie, moves as much. Whole numbers are not
shaken, so that ties among them are decided rightly or wrongly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fuzz.sides import Array, Side

ULP = 2.0**-23
# units, and two for the root of each term: what no shaking is asked for; Winograd's transforms,
# which multiply by up to 4, have come to a little over 16
NEAR = 24
# what float32 no longer keeps with all its digits may come out as 0: exponentials at the bottom of
# a softmax, and sums of them
NOTHING = 100 * float(np.finfo(np.float32).tiny)
HALF = 2.0**-9  # of a number that is rounded to bfloat16, which has eight bits
TRIALS = 12  # of cases that look wrong: a near-tie falls the other way in half of them
MARGIN = 16  # of what shaking by two units moves


def differences(ours: Side, truth: Side, shaken: Callable[[int], Side], terms: int,
                roundings: int = 0) -> list[str]:
    """One line for each name under which numbers differ; ``shaken`` plays the truth once more.

    ``roundings``: so often each of our numbers was rounded to bfloat16, the given ones being such.
    """
    if list(ours.seen) != list(truth.seen):
        return [f"other names: {list(ours.seen)} and {list(truth.seen)}"]
    wrong, suspects = [], []
    for name, b in truth.seen.items():
        a = ours.seen[name]
        if a.shape != b.shape:
            wrong.append(f"{name}: shape {a.shape}, not {b.shape}")
        elif not np.array_equal(a[~np.isfinite(b)], b[~np.isfinite(b)], equal_nan=True):
            wrong.append(f"{name}: other places without a number")
        elif over(a, b, near(b, truth.sizes[name], terms, roundings)):
            suspects.append(name)
    if suspects:
        trials = [shaken(trial).seen for trial in range(TRIALS)]
        for name in suspects:
            b = truth.seen[name]
            moved = np.max([apart(trial[name], b) for trial in trials], axis=0)
            allowed = near(b, truth.sizes[name], terms, roundings) + margin(terms) * (
                moved + np.quantile(moved, 0.75))
            if words := over(ours.seen[name], b, allowed):
                wrong.append(f"{name}: {words}")
    return wrong


def margin(terms: int) -> float:
    return MARGIN * (1 + math.sqrt(terms) / 16)


def near(b: Array, size: Array | float, terms: int, roundings: int = 0) -> Array:
    sizes = np.abs(b, where=np.isfinite(b), out=np.zeros_like(b))
    # the root of the mean square: where few numbers are not zero, Winograd's transforms make the
    # zeros beside them of sums that cancel
    around = np.sqrt(np.square(sizes, dtype=np.float64).mean()) if sizes.size else 0.0
    return (NOTHING + ULP * (NEAR + 2 * math.sqrt(terms)) * (sizes + around + size)
            + HALF * roundings * (sizes + around))


def apart(a: Array, b: Array) -> Array:
    """How far each number is off; without bound where only one is a number."""
    off = np.abs(np.subtract(a, b, where=np.isfinite(b), out=np.zeros_like(b)))
    return np.where(np.isnan(off), np.inf, off)


def over(a: Array, b: Array, allowed: Array) -> str:
    """What is off by more than allowed, in words; nothing if nothing is."""
    off = apart(a, b)
    bad = off > allowed
    if not bad.any():
        return ""
    worst = np.unravel_index(np.argmax(off / np.maximum(allowed, 1e-300)), off.shape)
    at = tuple(int(i) for i in worst)
    return (f"{int(bad.sum())} of {bad.size} numbers off, most at {at} of shape {b.shape}: "
            f"{a[worst]:.8g} for {b[worst]:.8g}, allowed {allowed[worst]:.2g}")
