"""What weights score on the data of a net's TEST phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy import log
from caffepy.checks import batches, structure
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.services import class_names as naming
from caffepy.services.report import found_writing, writing
from caffepy.services.report.detections import Detections
from caffepy.services.report.sets import Sets
from caffepy.solvers.means import OutputMeans
from caffepy.solvers.tallied import Tallied

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
         level: int = 0, stages: Sequence[str] = ("",), report: str = "", names: str = "",
         detection: bool = False, how: Any = None) -> Scores:
    """Score weights, and log it in the original's words; what is suspicious is warned of.

    Args:
        model: the net's prototxt.
        weights: .caffemodel files; later ones take the place of earlier ones.
        iterations: batches; None for as many as the data have where each record is looked at, with
            ``report`` or ``detection``, else 50.
        report: a folder for what the net gets wrong (caffepy.services.report); "" for none.
        names: a file with the names of the classes for it; of several sets of labels files in
            their order, separated by commas.
        detection: the net must say which boxes are right, and each record is looked at.
        how: a SolverParameter, which says by ap_version how average precision of boxes is taken,
            and by show_per_class_result whether that of each class is logged; None: as SSD's.
    """
    net = Net(model, caffe_pb2.TEST, level=level, stages=stages, context=context,
              optimize=not report and not detection)  # it reads blobs that would share memory
    try:
        how = how or caffe_pb2.SolverParameter()
        found = Detections.required(net, how) if detection else report and Detections.of(net, how)
        sets = None if found or not report else Sets(
            net, [name for word in names.split(",") if (name := word.strip())])
        of_boxes = naming.for_net(net.param, names) if found else {}
        looks = found or sets
        if report:
            writing.prepare(report)
        if iterations is None:
            whole = looks and looks.total and -(-looks.total // looks.batch)
            iterations = whole or ITERATIONS
        for path in weights:
            structure.warn(structure.copied_nothing(net, net.load(path)))
        structure.warn(structure.unfed_inputs(net))
        structure.warn(structure.untouched_statistics(net))
        structure.warn(batches.coverage_of_test(net, iterations))
        scores = score(net, iterations, looks, how)
        if sets:
            sets.write(report)
        if found:
            found_writing.tell(report, found, of_boxes)
        return scores
    finally:
        net.close()


def score(net: Net, iterations: int, judge: Sets | Detections | None = None, how: Any = None
          ) -> Scores:
    """Run ``iterations`` batches and log every output value, then the means, and what rows come to
    of which there are no means; ``judge`` looks at each batch.
    """
    logger.info("Running for %d iterations.", iterations)
    loss = 0.0
    outputs = OutputMeans()
    rows = Tallied(net, how or caffe_pb2.SolverParameter())
    for batch in range(iterations):
        loss += float(net.forward())
        if judge:
            judge.look()
        now = list(rows.take(net.outputs()))
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
    structure.warn(rows.remarks())
    rows.classes()
    for name, (value,) in rows.joined([]):
        logger.info("%s = %g", name, value)
        scores.outputs.append((name, float(value)))
    return scores
