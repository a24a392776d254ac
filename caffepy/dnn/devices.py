"""OpenCV's numbers for backends and targets, and where each computes here."""

from __future__ import annotations

from caffepy import log
from caffepy.core.context import Context
from caffepy.errors import ConfigError, DeviceError

logger = log.get(__name__)

BACKENDS = {0: "DEFAULT", 1: "HALIDE", 2: "INFERENCE_ENGINE", 3: "OPENCV", 4: "VKCOM", 5: "CUDA",
            6: "WEBNN", 7: "TIMVX", 8: "CANN"}
TARGETS = {0: "CPU", 1: "OPENCL", 2: "OPENCL_FP16", 3: "MYRIAD", 4: "VULKAN", 5: "FPGA", 6: "CUDA",
           7: "CUDA_FP16", 8: "HDDL", 9: "NPU", 10: "CPU_FP16"}
OLD_BACKENDS = {1000000: 2}  # numbers of OpenCV's own, in releases up to 4.5
BACKEND_DEFAULT, BACKEND_CUDA = 0, 5
TARGET_CPU, TARGET_CUDA, TARGET_CUDA_HALF = 0, 6, 7

_told: set[str] = set()


def checked_backend(number: int) -> int:
    """The number of a backend. Raises: ConfigError: there is none of it."""
    return _checked(OLD_BACKENDS.get(number, number), BACKENDS, "DNN_BACKEND_")


def checked_target(number: int) -> int:
    """The number of a target. Raises: ConfigError: there is none of it."""
    return _checked(number, TARGETS, "DNN_TARGET_")


def _checked(number: int, known: dict[int, str], prefix: str) -> int:
    if number not in known:
        raise ConfigError(f"there is no {prefix}... of this number", found=number,
                          allowed=", ".join(f"{n} ({prefix}{name})" for n, name in known.items()))
    return int(number)


def context(backend: int, target: int, present: Context) -> Context:
    """Where a net that computes in ``present`` is to compute; ``present`` itself if it goes on.

    What is asked for and not there is said once, and the CPU computes.
    """
    on_gpu = backend == BACKEND_CUDA and target in (TARGET_CUDA, TARGET_CUDA_HALF)
    half = "float16" if target == TARGET_CUDA_HALF else None
    if on_gpu:
        if present.accelerator and present.precision == half:
            return present
        try:
            return Context(0, precision=half)
        except DeviceError as error:
            _tell(f"The CPU computes in place of DNN_TARGET_{TARGETS[target]}: {error}")
    elif backend not in (BACKEND_DEFAULT, 3, BACKEND_CUDA):
        _tell(f"The CPU computes in place of DNN_BACKEND_{BACKENDS[backend]}, which caffepy does "
              "not have.")
    elif target not in (TARGET_CPU, 10, TARGET_CUDA, TARGET_CUDA_HALF):
        _tell(f"The CPU computes in place of DNN_TARGET_{TARGETS[target]}, which caffepy does not "
              "have.")
    return Context() if present.accelerator else present


def _tell(words: str) -> None:
    if words not in _told:
        _told.add(words)
        logger.warning("%s", words)
