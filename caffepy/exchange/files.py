"""Which suffix is which format, and who writes and reads it.

A writer is a function ``write(net, path, options)``: it writes a TEST net that was built with its
weights, ``optimize=False``, and gives the lines that are to be said. A reader is a function
``read(path, options)``: it gives a NetParameter, whose layers hold their weights in ``blobs``, and
such lines. Each compares what it made with what it was made of, unless ``options.check`` is off,
and raises if they differ. A format is one line below; its module is imported when it is used.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caffepy.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from caffepy.core.net import Net

WRITERS = {
    ".onnx": "caffepy.exchange.out.writer:write",
    ".npz": "caffepy.exchange.weights.npz:write",
    ".safetensors": "caffepy.exchange.weights.safetensors:write",
    ".h5": "caffepy.exchange.weights.hdf5:write",
    ".pt": "caffepy.exchange.weights.pytorch:write",
    ".py": "caffepy.exchange.weights.pytorch:write",
}
READERS = {
    ".onnx": "caffepy.exchange.into.reader:read",
}

OPSET = 17  # of ONNX: what tools of the last years read


@dataclass(frozen=True)
class Options:
    """What is asked of a conversion.

    Attributes:
        input_shape: of the first input, in place of the model's own; () if it is not given.
        opset: the version of ONNX's operations.
        dynamic: leave the batch, and height and width where the net allows, open in ONNX.
        check: run both sides on one input and compare.
    """

    input_shape: tuple[int, ...] = ()
    opset: int = OPSET
    dynamic: bool = False
    check: bool = True


def writer(path: str | os.PathLike[str]) -> Callable[[Net, Path, Options], list[str]]:
    """Who writes files of this suffix. Raises: ConfigError, nobody does."""
    return _find(path, WRITERS, "written")


def reader(path: str | os.PathLike[str]) -> Callable[[Path, Options], tuple[Any, list[str]]]:
    """Who reads files of this suffix. Raises: ConfigError, nobody does."""
    return _find(path, READERS, "read")


def _find(path: str | os.PathLike[str], table: dict[str, str], done: str) -> Callable[..., Any]:
    suffix = Path(path).suffix.lower()
    if suffix not in table:
        raise ConfigError(f"files of this kind are not {done}", where=os.fspath(path),
                          found=f"the suffix '{suffix}'" if suffix else "no suffix",
                          allowed=", ".join(table), fix=did_you_mean(suffix, table))
    module, name = table[suffix].split(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
