"""Numbers of half precision as float32 and back, by the libraries' names for the types."""

from __future__ import annotations

import numpy as np

CUDNN = {0: "float32", 2: "float16", 9: "bfloat16"}
CUBLAS = {0: "float32", 2: "float16", 14: "bfloat16"}
STORED = {"float32": np.dtype(np.float32), "float16": np.dtype(np.float16),
          "bfloat16": np.dtype(np.uint16)}
EPSILON = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def decoded(stored: np.ndarray, dtype: str) -> np.ndarray:
    """What is stored, as float32."""
    if dtype == "bfloat16":
        bits = np.multiply(stored, 1 << 16, dtype=np.uint32)
        return np.asarray(bits, np.uint32).view(np.float32)
    return stored.astype(np.float32)


def encoded(values: np.ndarray, dtype: str) -> np.ndarray:
    """Rounded to the nearest number of the type, of two equally near ones to the even one."""
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return values.astype(STORED[dtype])
    values = np.asarray(values, np.float32)
    bits = values.view(np.uint32)
    rounded = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FFF), rounded)


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """The values that are left of float32 ones."""
    return decoded(encoded(values, dtype), dtype)
