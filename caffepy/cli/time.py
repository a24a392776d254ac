"""caffepy time: how long each layer takes, forward and backward, and what computes it."""

from __future__ import annotations

from caffepy import log
from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import devices

logger = log.get(__name__)


@gflags.command("time", help="Time a net layer by layer.")
@flags.MODEL
@flags.PHASE
@flags.FORWARD_ONLY
@flags.ITERATIONS
@flags.WEIGHTS
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def time(
    model: str, phase: str, forward_only: bool, iterations: int, weights: str, gpu: str,
    precision: str | None, level: int, stage: str,
) -> None:
    if not model:
        raise ConfigError("Need a model definition to time", fix="Give one: -model net.prototxt.")
    flags.phase(phase)
    files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")
    flags.check_iterations(iterations)

    from caffepy.services import timing

    context = devices.context(devices.choose(gpu), precision=precision)
    timing.time(model, iterations, context, phase=phase, weights=paths, level=level,
                stages=flags.caffe_stages(stage), both=not forward_only)
