"""caffepy: the Caffe deep-learning toolchain in Python.

    import caffepy
    net = caffepy.Net("deploy.prototxt", "weights.caffemodel", caffepy.TEST)
    net.blobs["data"].data[...] = image
    probabilities = net.forward()["prob"]

The names here have pycaffe's meaning. They are loaded at first use, so that ``import caffepy``
and the command's ``--help`` are quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from caffepy import log

if TYPE_CHECKING:
    from caffepy.core.blob import Blob as Blob
    from caffepy.core.layer import Layer as Layer
    from caffepy.mode import set_device as set_device
    from caffepy.mode import set_mode_cpu as set_mode_cpu
    from caffepy.mode import set_mode_gpu as set_mode_gpu
    from caffepy.mode import set_random_seed as set_random_seed
    from caffepy.pycaffe import Net as Net
    from caffepy.pycaffe import Solver as Solver
    from caffepy.pycaffe import get_solver as get_solver
    from caffepy.pycaffe import layer_type_list as layer_type_list

__version__ = "0.1.0"

TRAIN = 0  # the phases, as in caffe_pb2.Phase
TEST = 1

_HOMES = {
    "Blob": "caffepy.core.blob",
    "Layer": "caffepy.core.layer",
    "Net": "caffepy.pycaffe",
    "Solver": "caffepy.pycaffe",
    "SGDSolver": "caffepy.pycaffe",
    "NesterovSolver": "caffepy.pycaffe",
    "AdaGradSolver": "caffepy.pycaffe",
    "RMSPropSolver": "caffepy.pycaffe",
    "AdaDeltaSolver": "caffepy.pycaffe",
    "AdamSolver": "caffepy.pycaffe",
    "get_solver": "caffepy.pycaffe",
    "layer_type_list": "caffepy.pycaffe",
    "set_device": "caffepy.mode",
    "set_mode_cpu": "caffepy.mode",
    "set_mode_gpu": "caffepy.mode",
    "set_random_seed": "caffepy.mode",
}

__all__ = ["TEST", "TRAIN", "__version__", *_HOMES]  # pyright: ignore

log.quiet_by_default()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'caffepy' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
