"""caffepy test: score weights on the data of a net's TEST phase.

    caffepy test -model net.prototxt -weights w.caffemodel -iterations 100
    caffepy test -detection -model ssd.prototxt -weights w.caffemodel -report found
    caffepy test_detection ...      the same, by the name that NVIDIA's fork has for it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError
from caffepy.layers.detection import ap_names
from caffepy.services import devices


def scoring(function: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that gives a command the flags of both actions."""
    for flag in reversed((
        flags.MODEL, flags.WEIGHTS, flags.ITERATIONS, flags.GPU, flags.PRECISION, flags.LEVEL,
        flags.STAGE,
        gflags.flag("report", gflags.FILE, "", "A folder for what the net gets wrong: accuracy, "
                    "precision and F1 of each class over all records, which classes it takes for "
                    "which, calibration, ROC, the worst pictures; overlap in segmentation, "
                    "residuals in regression; of a detector precision and recall."),
        gflags.flag("labels", gflags.FILE, "", "The names of the classes for a report, one a line, "
                    "or a label map; without it labels.txt beside the data, or the net's label "
                    "map. Of several sets of labels files in their order, with commas."),
        gflags.flag("ap_version", gflags.Choice(*ap_names.NAMES), "11point",
                    "Of a detector: how average precision is taken."),
        gflags.flag("show_per_class_result", bool, True,
                    "Of a detector: log the average precision of each class."),
        flags.PLUGIN,
    )):
        flag(function)
    return function


@gflags.command("test", help="Score weights on the data of the TEST phase.")
@scoring
@gflags.flag("detection", bool, False, "Score a detector: average precision of each class, SSD's "
             "and COCO's, over all records.")
def test(detection: bool, **given: Any) -> None:
    run(detection, **given)


@gflags.command("test_detection", help="Score a detector: test -detection, as NVIDIA's fork has "
                "it.")
@scoring
def test_detection(**given: Any) -> None:
    run(True, **given)


def run(detection: bool, *, model: str, weights: str, iterations: int, gpu: str,
        precision: str | None, level: int, stage: str, report: str, labels: str, ap_version: str,
        show_per_class_result: bool) -> None:
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
    if labels and not report and not detection:
        raise ConfigError("-labels names classes in a report", fix="Give -report DIR, too.")
    said = click.get_current_context().get_parameter_source("iterations")
    batches = None if (report or detection) and said is ParameterSource.DEFAULT else iterations

    from caffepy.proto import caffe_pb2
    from caffepy.services import testing

    how = caffe_pb2.SolverParameter(
        ap_version=ap_version, show_per_class_result=show_per_class_result)

    context = devices.context(devices.choose(gpu), precision=precision)
    testing.test(model, paths, batches, context, level=level, stages=flags.caffe_stages(stage),
                 report=report, names=labels, detection=detection, how=how)
