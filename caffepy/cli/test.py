"""caffepy test: score weights on the data of a net's TEST phase."""

from __future__ import annotations

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import devices


@gflags.command("test", help="Score weights on the data of the TEST phase.")
@flags.MODEL
@flags.WEIGHTS
@flags.ITERATIONS
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def test(model: str, weights: str, iterations: int, gpu: str, precision: str | None, level: int,
         stage: str) -> None:
    if not model:
        raise ConfigError(
            "Need a model definition to score", fix="Give one: -model net.prototxt.")
    if not weights:
        raise ConfigError(
            "Need model weights to score", fix="Give them: -weights net.caffemodel.")
    files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")
    flags.check_iterations(iterations)

    from caffepy.services import testing

    context = devices.context(devices.choose(gpu), precision=precision)
    testing.test(model, paths, iterations, context, level=level, stages=flags.caffe_stages(stage))
