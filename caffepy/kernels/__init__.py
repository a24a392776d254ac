"""The arithmetic of the hot layers: one set of names and signatures, several engines.

``operations`` declares the specs and contracts; ``reference`` has a kernel for each, written to
read like the formula; other engines have those they do faster. What an engine cannot do falls
through to the next: onednn and then reference on the CPU, cuda and then reference on a GPU
(engines.py).
"""

from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.engines import CPU as NAMES
from caffepy.kernels.engines import choose_engines, engine, engine_class, plan

__all__ = ["NAMES", "Engine", "Unsupported", "choose_engines", "engine", "engine_class", "plan"]
