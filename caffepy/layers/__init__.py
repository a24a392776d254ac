"""The layer types, one file each, in families.

For scripts, ``from caffepy import layers as L`` is also what pycaffe calls so: ``L.Convolution``
makes a layer of a NetSpec.
"""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if not name[:1].isupper():
        raise AttributeError(f"module 'caffepy.layers' has no attribute {name!r}")
    return getattr(importlib.import_module("caffepy.net_spec").layers, name)
