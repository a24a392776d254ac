"""caffepy test: score weights on the data of a net's TEST phase."""

from __future__ import annotations

import click
from click.core import ParameterSource

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
@gflags.flag("report", gflags.FILE, "", "A folder for what the net gets wrong: accuracy of each "
             "class over all records, which classes it takes for which, the worst pictures.")
@gflags.flag("labels", gflags.FILE, "", "With -report: the names of the classes, one a line; "
             "without it labels.txt beside the data.")
@flags.PLUGIN
def test(model: str, weights: str, iterations: int, gpu: str, precision: str | None, level: int,
         stage: str, report: str, labels: str) -> None:
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
    if labels and not report:
        raise ConfigError("-labels names classes in a report", fix="Give -report DIR, too.")
    given = click.get_current_context().get_parameter_source("iterations")
    batches = None if report and given is ParameterSource.DEFAULT else iterations

    from caffepy.services import testing

    context = devices.context(devices.choose(gpu), precision=precision)
    testing.test(model, paths, batches, context, level=level, stages=flags.caffe_stages(stage),
                 report=report, names=labels)
