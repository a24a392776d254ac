"""Weights as NumPy's .npz: ``np.load("net.npz")["conv1.weights"]``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from caffepy.core.net import Net
from caffepy.exchange.files import Options
from caffepy.exchange.weights import named
from caffepy.proto.files import atomic_write


def write(net: Net, path: Path, options: Options) -> list[str]:
    """Write them; returns what is to be said.

    Raises:
        ConfigError: two parameters have one name. NumericError: the file gives other numbers.
    """
    arrays = named.parameters(net)
    with atomic_write(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    if not options.check:
        return named.told(arrays, None)
    with np.load(path) as read:
        return named.told(arrays, dict(read))
