"""In which order 4-D activations lie on a GPU, and in which arithmetic they are multiplied there.

Tensor cores read channels-last. So that is the order where products go to them: in half precision,
and in float32 where the settings allow TF32.
"""

from __future__ import annotations

from caffepy.core.memory import HALVES
from caffepy.settings import Settings

WITH_TF32 = (8, 0)  # the first compute capability that has it
WITH_TENSOR_CORES = (7, 0)  # for half precision


def channels_last(settings: Settings, capability: tuple[int, int], dtype: str = "float32") -> bool:
    """Whether 4-D activations stored as ``dtype`` lie channels-last on a device of this compute
    capability."""
    if settings.layout:
        return settings.layout == "nhwc"
    if dtype in HALVES:
        return capability >= WITH_TENSOR_CORES
    return settings.tf32 and capability >= WITH_TF32
