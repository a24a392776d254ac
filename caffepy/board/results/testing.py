"""A test made here: every record's answer, so that each count leads to its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from caffepy.board import admitting, models
from caffepy.board.results.detected import Detected, finds
from caffepy.board.results.judged import Judged, compares
from caffepy.board.results.segmented import Segmented
from caffepy.board.shelf import Shelf
from caffepy.checks import batches
from caffepy.core import graph, obeys, traits
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of
from caffepy.services import class_names, work
from caffepy.services.data_sheet.naming import names_of
from caffepy.services.objects import write_nothing
from caffepy.services.picture_rule import PictureRule
from caffepy.services.report.seen import Seen

RECORDS = 10_000  # unless told otherwise
MOST = 200_000
SECONDS = 120.0   # after which a test ends

Answers = Judged | Detected | Segmented


@dataclass
class Test:
    """What a net answered.

    Attributes:
        answers: what looked at it.
        count: records; ``total`` those there are, None where that is not known.
        names: of the classes.
        source: the path of what its data layer reads, "" if its records cannot be found by their
            numbers.
    """

    answers: Answers
    count: int
    total: int | None
    names: dict[int, str]
    source: str


def test(model: Path, weights: Path, shelf: Shelf, records: int = RECORDS,
         seconds: float = SECONDS) -> Test:
    """Run a net's TEST phase over the first records.

    Args:
        records, seconds: it ends after so many, or so long.

    Raises:
        ConfigError: nothing in it compares answers with labels; it reads what lies outside of the
            folders. CaffeError: as building and running it.
    """
    with work.quiet(), obeys.only_warnings():
        param, source = models.net_param(model)
        param.state.phase = caffe_pb2.TEST
        kept = graph.filter_net(param, param.state, source)
        write_nothing(kept)
        admitting.require(kept, shelf)
        net = Net((kept, source), caffe_pb2.TEST)
        try:
            net.load(str(weights))
            answers, seen = _answers(net)
            total = batches.records(seen.layer) if seen else None
            batch, count, begun = _batch(net, seen), 0, monotonic()
            most = min(records, total) if total is not None else records
            while count < most and monotonic() - begun < seconds:
                net.forward()
                new = min(batch, most - count)
                answers.look(new)
                count += new
            return Test(answers, count, total, _names(net, seen),
                        _source(seen.layer.spec) if seen else "")
        finally:
            net.close()


def _answers(net: Net) -> tuple[Answers, Seen | None]:
    seen = Seen.of(net)
    if (node := finds(net)) is not None:
        return Detected(node), seen
    if (node := compares(net)) is not None:
        scores, labels = node.bottoms[:2]
        if scores.ndim == 4 and labels.count > scores.shape[0]:
            return Segmented(node, seen), seen
        if labels.count == scores.shape[0]:
            return Judged(node), seen
    raise ConfigError("no layer of the net's TEST phase compares answers with labels",
                      where=net.name or "the net",
                      allowed="an Accuracy or a loss over classes, or DetectionEvaluate")


def _batch(net: Net, seen: Seen | None) -> int:
    return seen.batch if seen else int(next(iter(net.blobs.values())).shape[0])


def _names(net: Net, seen: Seen | None) -> dict[int, str]:
    found = class_names.for_net(net.param)
    if not found and seen is not None:
        found = names_of(seen.layer.spec, PictureRule.of_training(seen.layer.spec, ()))
    return found


def _source(layer: Any) -> str:
    """What a data layer reads, if its records come in order."""
    kind = traits.of(layer)
    own = kind.own(layer)
    if not kind.source_field or getattr(own, "shuffle", False) or getattr(own, "rand_skip", 0):
        return ""
    return path_of(kind.reading(layer), kind.source_field)
