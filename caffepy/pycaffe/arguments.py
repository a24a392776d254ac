"""What Net's methods are given, held against what the net can take."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.net import Net as CoreNet
from caffepy.errors import ConfigError, ShapeError

MODERN = ("phase", "level", "stages", "weights")
LEGACY = ("weights", "phase")
WEIGHTS = (".caffemodel", ".h5", ".hdf5")
OWN = ("optimize", "precision")  # caffepy's, by name alone


class WrongArguments(ConfigError, TypeError):
    """Arguments in an order that pycaffe did not take either (Boost.Python's TypeError)."""


def constructor(args: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
    """By name, whichever of the two orders was used."""
    names = LEGACY if args and isinstance(args[0], (str, os.PathLike)) else MODERN
    if len(args) > len(names):
        raise TypeError(f"Net() takes at most {len(names)} arguments after the file: "
                        + ", ".join(names))
    for name in options:
        if name not in MODERN + OWN:
            raise TypeError(f"Net() got an unexpected keyword argument {name!r}; it takes "
                            + ", ".join(MODERN + OWN))
        if name in names[: len(args)]:
            raise TypeError(f"Net() got multiple values for argument {name!r}")
    given = {**dict(zip(names, args, strict=False)), **options}
    for name in ("level", "stages"):
        value = given.get(name)
        if isinstance(value, os.PathLike) or (isinstance(value, str) and (
                name == "level" or value.endswith(WEIGHTS))):
            raise WrongArguments(
                f"Net takes weights by name or before the phase, not as {name}",
                found=repr(os.fspath(value)),
                fix=f"Write caffe.Net(network_file, caffe.TEST, weights={os.fspath(value)!r}).")
    return given


def check_array(layer: Layer, what: str, array: Any) -> None:
    """The original's demands on the arrays of ``set_input_arrays``."""
    mend = f"Pass np.ascontiguousarray({what}, dtype=np.float32)."
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        layer.fail(f"{what} must be float32", kind=ShapeError,
                   found=getattr(array, "dtype", type(array).__name__), fix=mend)
    if not array.flags.c_contiguous:
        layer.fail(f"{what} must be C contiguous", kind=ShapeError, fix=mend)
    if array.ndim != 4 and not (what == "labels" and array.ndim == 1):
        layer.fail(f"{what} must be 4-d", kind=ShapeError, found=f"shape {array.shape}")
    if what == "labels" and array.shape[1:] not in ((), (1, 1, 1)):
        layer.fail("labels must be one number per item", kind=ShapeError,
                   found=f"shape {array.shape}", allowed="n, or n x 1 x 1 x 1")


def fill(net: CoreNet, arrays: Mapping[str, Any], names: Sequence[str], what: str,
         view: Callable[[Blob], Any]) -> None:
    """Write keyword arguments into blobs, all or none of them."""
    if not arrays:
        return
    if set(arrays) != set(names):
        raise ConfigError(
            f"{what.capitalize()} arguments do not match the net's "
            f"{'in' if what == 'input' else 'out'}puts",
            where=f"net '{net.name}'", found=", ".join(arrays),
            allowed=", ".join(names) or "none")
    ready = []
    for name, array in arrays.items():
        blob = net.blob(name)
        if np.shape(array)[:1] != blob.shape[:1]:
            raise ShapeError(f"{what.capitalize()} is not batch sized", where=f"blob '{name}'",
                             found=f"shape {np.shape(array)}", allowed=f"shape {blob.shape}",
                             fix="Reshape the blob and the net first, or use forward_all.")
        try:
            ready.append((blob, np.broadcast_to(array, blob.shape)))
        except ValueError:
            raise ShapeError(f"{what.capitalize()} is of another shape", where=f"blob '{name}'",
                             found=np.shape(array), allowed=blob.shape) from None
    for blob, values in ready:
        view(blob)[...] = values
