"""Which GPUs there are, and if there are none, what is missing and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from caffepy.core.context import Context
    from caffepy.parallel.base import Communicator

logger = log.get(__name__)

DOCTOR = "'caffepy device_query' shows what is installed."


def choose(spec: str, what: str = "") -> list[int]:
    """The device numbers that -gpu asks for ("", "all", "0", "0,1"); [] means the CPU.

    Args:
        what: how errors begin, if no flag asks.

    Raises:
        ConfigError: not a list of numbers.
        DeviceError: no such device, with what is missing.
    """
    if not spec:
        return []
    if spec == "all":
        wanted = None
    else:
        words = [word.strip() for word in spec.split(",")]
        if not all(word.isdigit() for word in words):
            raise ConfigError(
                f"illegal value '{spec}' specified for flag 'gpu'",
                allowed="all, or device numbers separated by commas such as 0 or 0,1",
            )
        wanted = [int(word) for word in words]
        doubled = sorted({number for number in wanted if wanted.count(number) > 1})
        if doubled:
            raise ConfigError(f"flag 'gpu' names device {doubled[0]} twice", found=spec)
    count = device_count(spec, what)
    if wanted is None:
        return list(range(count))
    for number in wanted:
        if number >= count:
            raise DeviceError(
                f"no GPU {number}", allowed=", ".join(map(str, range(count))),
                fix="'caffepy device_query -gpu all' lists the devices.",
            )
    return wanted


def device_count(spec: str = "all", what: str = "") -> int:
    """How many GPUs can be used, at least one; raises DeviceError saying what is missing."""
    from caffepy.kernels.cuda import libraries  # brings NumPy, which --help does without

    what = what or f"cannot use -gpu {spec}"
    cupy = libraries.cupy(what)
    if libraries.driver_version() is None:
        libraries.require(what)
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise DeviceError(f"{what}: {error}", fix=DOCTOR) from None
    if count == 0:
        raise DeviceError(f"{what}: the driver finds no GPU", fix=DOCTOR)
    return count


def properties(number: int) -> list[tuple[str, object]]:
    """Label and value of what ``caffe device_query`` tells of one device, in its order."""
    from caffepy.kernels.cuda import libraries

    cupy = libraries.cupy()
    found: dict[str, Any] = cupy.cuda.runtime.getDeviceProperties(number)
    attributes: dict[str, Any] = cupy.cuda.Device(number).attributes

    def yes(value: object) -> str:
        return "Yes" if value else "No"

    def sides(name: str) -> str:
        return ", ".join(str(side) for side in found[name])

    # the clock left the properties in CUDA 13; the attributes still have it
    clock = found.get("clockRate", attributes.get("ClockRate"))
    timeout = found.get("kernelExecTimeoutEnabled", attributes.get("KernelExecTimeout"))
    overlap = found.get("deviceOverlap", attributes.get("AsyncEngineCount"))
    return [
        ("Device id", number),
        ("Major revision number", found["major"]),
        ("Minor revision number", found["minor"]),
        ("Name", found["name"].decode()),
        ("Total global memory", found["totalGlobalMem"]),
        ("Total shared memory per block", found["sharedMemPerBlock"]),
        ("Total registers per block", found["regsPerBlock"]),
        ("Warp size", found["warpSize"]),
        ("Maximum memory pitch", found.get("memPitch", attributes.get("MaxPitch"))),
        ("Maximum threads per block", found["maxThreadsPerBlock"]),
        ("Maximum dimension of block", sides("maxThreadsDim")),
        ("Maximum dimension of grid", sides("maxGridSize")),
        ("Clock rate", clock),
        ("Total constant memory", found["totalConstMem"]),
        ("Texture alignment", found["textureAlignment"]),
        ("Concurrent copy and execution", yes(overlap)),
        ("Number of multiprocessors", found["multiProcessorCount"]),
        ("Kernel execution timeout", yes(timeout)),
    ]


def context(
    numbers: list[int], seed: int | None = None, communicator: Communicator | None = None,
    precision: str | None = None,
) -> Context:
    """The Context of a command that runs on ``numbers`` ([]: the CPU), said in Caffe's words.

    Args:
        communicator: of the workers, each of which takes a GPU of its own, or a share of the
            cores; by default there is one worker.
        precision: as Context takes it.

    Raises:
        DeviceError: no engine here can use a GPU, or there are too few.
    """
    from caffepy.core.context import Context
    from caffepy.parallel import launch
    from caffepy.parallel.single import Single
    from caffepy.settings import Settings

    workers = communicator or Single()
    if not numbers:
        logger.info("Use CPU.")
        settings = Settings.of()
        return Context(seed=seed, threads=launch.threads(workers.local_size, settings.threads),
                       rank=workers.rank, size=workers.size, precision=precision,
                       settings=settings)
    logger.info("Using GPUs %s", ", ".join(map(str, numbers)))
    for number in numbers:
        logger.info("GPU %d: %s", number, dict(properties(number))["Name"])
    return Context(launch.pick_device(workers.local_rank, numbers), seed=seed,
                   rank=workers.rank, size=workers.size, precision=precision)
