"""What weights score on the data of a net's TEST phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caffepy import log
from caffepy.checks import batches, structure
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.services.report import writing
from caffepy.services.report.judging import Judge
from caffepy.solvers.means import OutputMeans

logger = log.get(__name__)

ITERATIONS = 50  # batches that the original tests unless told otherwise


@dataclass
class Scores:
    """Means over all batches.

    Attributes:
        loss: of the net.
        outputs: name and mean of each output value, in the net's order.
    """

    loss: float
    outputs: list[tuple[str, float]] = field(default_factory=list)


def test(model: str, weights: Sequence[str], iterations: int | None, context: Context, *,
         level: int = 0, stages: Sequence[str] = ("",), report: str = "", names: str = ""
         ) -> Scores:
    """Score weights, and log it in the original's words; what is suspicious is warned of.

    Args:
        model: the net's prototxt.
        weights: .caffemodel files; later ones take the place of earlier ones.
        iterations: batches; None for as many as the data have with a ``report``, else 50.
        report: a folder for what the net gets wrong (caffepy.services.report); "" for none.
        names: a file with the names of the classes for it.
    """
    net = Net(model, caffe_pb2.TEST, level=level, stages=stages, context=context,
              optimize=not report)  # a report reads blobs that would share memory
    try:
        judge = Judge(net) if report else None
        class_names = writing.names_for(judge, names) if judge else []
        if judge:
            writing.prepare(report)
        if iterations is None:
            whole = judge and judge.total and -(-judge.total // judge.batch)
            iterations = whole or ITERATIONS
        for path in weights:
            structure.warn(structure.copied_nothing(net, net.load(path)))
        structure.warn(structure.unfed_inputs(net))
        structure.warn(structure.untouched_statistics(net))
        structure.warn(batches.coverage_of_test(net, iterations))
        scores = score(net, iterations, judge)
        if judge:
            writing.write(report, judge, class_names)
        return scores
    finally:
        net.close()


def score(net: Net, iterations: int, judge: Judge | None = None) -> Scores:
    """Run ``iterations`` batches and log every output value, then the means; ``judge`` looks at
    each batch.
    """
    logger.info("Running for %d iterations.", iterations)
    loss = 0.0
    outputs = OutputMeans()
    for batch in range(iterations):
        loss += float(net.forward())
        if judge:
            judge.look()
        now = net.outputs()
        outputs.add(now)
        for name, values, _ in now:
            for value in values:
                logger.info("Batch %d, %s = %g", batch, name, value)
    logger.info("Loss: %g", loss / iterations)
    scores = Scores(loss / iterations)
    for name, means, weight in outputs.means():
        for mean in means:
            share = f" (* {weight:g} = {weight * mean:g} loss)" if weight else ""
            logger.info("%s = %g%s", name, mean, share)
            scores.outputs.append((name, float(mean)))
    return scores
