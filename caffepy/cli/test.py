"""caffepy test: score weights on the data of a net's TEST phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caffepy import log
from caffepy.cli import devices, files, flags, gflags
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)


@gflags.command("test", help="Score weights on the data of the TEST phase.")
@flags.MODEL
@flags.WEIGHTS
@flags.ITERATIONS
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
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

    from caffepy.checks import batches, structure
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    context = devices.context(devices.choose(gpu), precision=precision)
    net = Net(model, caffe_pb2.TEST, level=level, stages=flags.split_stages(stage),
              context=context, optimize=True)
    try:
        for path in paths:
            structure.warn(structure.copied_nothing(net, net.load(path)))
        structure.warn(structure.unfed_inputs(net))
        structure.warn(structure.untouched_statistics(net))
        structure.warn(batches.coverage_of_test(net, iterations))
        score(net, iterations)
    finally:
        net.close()


def score(net: Net, iterations: int) -> None:
    """Run ``iterations`` batches and log every output value, then the means.

    Sums are kept in double precision: over thousands of batches single precision would drift.
    """
    logger.info("Running for %d iterations.", iterations)
    loss = 0.0
    totals: list[float] = []
    names: list[tuple[str, float]] = []
    for batch in range(iterations):
        loss += float(net.forward())
        outputs = [
            (name, float(value), float(weight))
            for name, values, weight in net.outputs()
            for value in values
        ]
        for name, value, _ in outputs:
            logger.info("Batch %d, %s = %g", batch, name, value)
        if not totals:
            totals = [0.0] * len(outputs)
            names = [(name, weight) for name, _, weight in outputs]
        totals = [
            total + value for total, (_, value, _) in zip(totals, outputs, strict=True)]
    logger.info("Loss: %g", loss / iterations)
    for (name, weight), total in zip(names, totals, strict=True):
        mean = total / iterations
        share = f" (* {weight:g} = {weight * mean:g} loss)" if weight else ""
        logger.info("%s = %g%s", name, mean, share)
