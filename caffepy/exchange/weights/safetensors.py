"""Weights as .safetensors, by the safetensors package; the prototxt goes along as metadata."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.core import graph
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.exchange.files import Options
from caffepy.exchange.weights import named
from caffepy.proto import text
from caffepy.proto.files import atomic_write

CURE = "pip install 'caffepy[safetensors]'"


def write(net: Net, path: Path, options: Options) -> list[str]:
    """Write them; returns what is to be said.

    Raises:
        ConfigError: the package is missing, or two parameters have one name. NumericError: the file
            gives other numbers.
    """
    package = _package()
    arrays = {name: np.ascontiguousarray(array) for name, array in named.parameters(net).items()}
    prototxt = text.to_text(graph.without_splits(net.param))
    about = {"format": "np", "net": net.name, "prototxt": prototxt}
    with atomic_write(path) as file:
        file.write(package.save(arrays, about))
    return named.told(arrays, package.load_file(path) if options.check else None)


def _package() -> Any:
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError as error:
        raise ConfigError(".safetensors needs the safetensors package", found=str(error),
                          fix=CURE) from None
