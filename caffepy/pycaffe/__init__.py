"""Where the original keeps Net and the solvers: ``from caffe.pycaffe import Net``."""

from caffepy import log
from caffepy.core.layer import Layer
from caffepy.mode import (
    has_nccl,
    set_device,
    set_mode_cpu,
    set_mode_gpu,
    set_multiprocess,
    set_random_seed,
    set_solver_count,
    set_solver_rank,
    solver_count,
    solver_rank,
)
from caffepy.pycaffe.nccl import NCCL
from caffepy.pycaffe.net import Net
from caffepy.pycaffe.solver import (
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    NesterovSolver,
    RMSPropSolver,
    SGDSolver,
    Solver,
    get_solver,
)
from caffepy.pycaffe.tools import Timer, init_log, layer_type_list

__all__ = [
    "NCCL", "AdaDeltaSolver", "AdaGradSolver", "AdamSolver", "Layer", "NesterovSolver", "Net",
    "RMSPropSolver", "SGDSolver", "Solver", "Timer", "get_solver", "has_nccl", "init_log",
    "layer_type_list", "log", "set_device", "set_mode_cpu", "set_mode_gpu", "set_multiprocess",
    "set_random_seed", "set_solver_count", "set_solver_rank", "solver_count", "solver_rank",
]
