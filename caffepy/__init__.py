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
    from caffepy import _caffe as _caffe
    from caffepy import classifier as classifier
    from caffepy import coord_map as coord_map
    from caffepy import detector as detector
    from caffepy import draw as draw
    from caffepy import io as io
    from caffepy import layers as layers
    from caffepy import net_spec as net_spec
    from caffepy import proto as proto
    from caffepy import pycaffe as pycaffe
    from caffepy.classifier import Classifier as Classifier
    from caffepy.core.blob import Blob as Blob
    from caffepy.core.layer import Layer as Layer
    from caffepy.core.plugins import load_plugin as load_plugin
    from caffepy.detector import Detector as Detector
    from caffepy.mode import has_nccl as has_nccl
    from caffepy.mode import set_device as set_device
    from caffepy.mode import set_mode_cpu as set_mode_cpu
    from caffepy.mode import set_mode_gpu as set_mode_gpu
    from caffepy.mode import set_multiprocess as set_multiprocess
    from caffepy.mode import set_random_seed as set_random_seed
    from caffepy.mode import set_solver_count as set_solver_count
    from caffepy.mode import set_solver_rank as set_solver_rank
    from caffepy.mode import solver_count as solver_count
    from caffepy.mode import solver_rank as solver_rank
    from caffepy.net_spec import NetSpec as NetSpec
    from caffepy.net_spec import params as params
    from caffepy.net_spec import to_proto as to_proto
    from caffepy.pycaffe.nccl import NCCL as NCCL
    from caffepy.pycaffe.net import Net as Net
    from caffepy.pycaffe.solver import AdaDeltaSolver as AdaDeltaSolver
    from caffepy.pycaffe.solver import AdaGradSolver as AdaGradSolver
    from caffepy.pycaffe.solver import AdamSolver as AdamSolver
    from caffepy.pycaffe.solver import NesterovSolver as NesterovSolver
    from caffepy.pycaffe.solver import RMSPropSolver as RMSPropSolver
    from caffepy.pycaffe.solver import SGDSolver as SGDSolver
    from caffepy.pycaffe.solver import Solver as Solver
    from caffepy.pycaffe.solver import get_solver as get_solver
    from caffepy.pycaffe.tools import Timer as Timer
    from caffepy.pycaffe.tools import init_log as init_log
    from caffepy.pycaffe.tools import layer_type_list as layer_type_list

__version__ = "0.1.0"

TRAIN = 0  # the phases, as in caffe_pb2.Phase
TEST = 1

_HOMES = {
    "Blob": "core.blob",
    "Layer": "core.layer",
    "load_plugin": "core.plugins",
    "Net": "pycaffe.net",
    **dict.fromkeys(
        ("Solver", "SGDSolver", "NesterovSolver", "AdaGradSolver", "RMSPropSolver",
         "AdaDeltaSolver", "AdamSolver", "get_solver"), "pycaffe.solver"),
    "NCCL": "pycaffe.nccl",
    **dict.fromkeys(("Timer", "init_log", "layer_type_list"), "pycaffe.tools"),
    **dict.fromkeys(
        ("has_nccl", "set_device", "set_mode_cpu", "set_mode_gpu", "set_multiprocess",
         "set_random_seed", "set_solver_count", "set_solver_rank", "solver_count",
         "solver_rank"), "mode"),
    "Classifier": "classifier",
    "Detector": "detector",
    **dict.fromkeys(("NetSpec", "params", "to_proto"), "net_spec"),
}
_MODULES = {  # name: what has to be imported
    **{name: name for name in ("_caffe", "classifier", "coord_map", "detector", "draw", "io",
                               "layers", "net_spec", "pycaffe")},
    "proto": "proto.caffe_pb2",
}

__all__ = [  # pyright: ignore
    "TEST", "TRAIN", "__version__", "log", *_HOMES,
    *(name for name in _MODULES if name != "_caffe")]

log.quiet_by_default()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        importlib.import_module(f"caffepy.{_MODULES[name]}")
        return globals()[name]
    if name not in _HOMES:
        raise AttributeError(f"module 'caffepy' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"caffepy.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
