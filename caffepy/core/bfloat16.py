"""bfloat16 in NumPy, which has no such type: the upper half of a float32's bits, as uint16.

Eight bits of exponent, as float32 has, and eight of mantissa, the leading one included: a number is
rounded by at most 2^-9 of its size (of subnormal numbers, by 2^-134). Wang and Kanwar, "BFloat16:
The secret to high performance on Cloud TPUs", 2019.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

QUIET = np.uint32(0x400000)  # of a number that is none, a bit that stays when the lower half goes


def rounded(numbers: Array) -> Array:
    """The bits of each number's nearest bfloat16; of two as near, of the one that ends in 0."""
    values = np.asarray(numbers, np.float32)
    bits = values.view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return (np.where(np.isnan(values), bits | QUIET, nearest) >> np.uint32(16)).astype(np.uint16)


def widened(bits: Array) -> Array:
    """The numbers as float32, exactly."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)
