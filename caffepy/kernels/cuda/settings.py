"""What the environment says about computing on a GPU; read when a net is planned, not later.

CAFFEPY_TF32=0            float32 is multiplied in full; by default the tensor cores may round the
                          factors to TF32 (10 bits of mantissa; sums stay float32), as elsewhere
CAFFEPY_DETERMINISTIC=1   convolutions are the same algorithms in every run, each one that adds in
                          a fixed order; by default the fastest is chosen by timing them
CAFFEPY_GPU_LAYOUT        nchw or nhwc: the order of 4-D activations; by default channels-last
                          where TF32 is allowed and the GPU has it (tensor cores read that order);
                          in half precision where the GPU has tensor cores
"""

from __future__ import annotations

import os

from caffepy.errors import ConfigError, did_you_mean

TF32 = "CAFFEPY_TF32"
DETERMINISTIC = "CAFFEPY_DETERMINISTIC"
LAYOUT = "CAFFEPY_GPU_LAYOUT"
LAYOUTS = ("nchw", "nhwc")
WITH_TF32 = (8, 0)  # the first compute capability that has it
WITH_TENSOR_CORES = (7, 0)  # for half precision


def tf32() -> bool:
    """Whether float32 factors may be rounded to TF32."""
    return _switch(TF32, default=True)


def deterministic() -> bool:
    """Whether every run must choose the same algorithms, and such as repeat their results."""
    return _switch(DETERMINISTIC, default=False)


def channels_last(capability: tuple[int, int], half: bool = False) -> bool:
    """Whether 4-D activations, of float32 or in half precision, lie channels-last on a device of
    this compute capability."""
    layout = os.environ.get(LAYOUT, "").lower()
    if layout and layout not in LAYOUTS:
        raise ConfigError("no such order of activations", where=f"environment variable {LAYOUT}",
                          found=layout, allowed=", ".join(LAYOUTS),
                          fix=did_you_mean(layout, LAYOUTS))
    if layout:
        return layout == "nhwc"
    if half:
        return capability >= WITH_TENSOR_CORES
    return tf32() and capability >= WITH_TF32


def _switch(name: str, default: bool) -> bool:
    word = os.environ.get(name, "")
    if word not in ("", "0", "1"):
        raise ConfigError("a switch is on or off", where=f"environment variable {name}",
                          found=word, allowed="0, 1")
    return word == "1" if word else default
