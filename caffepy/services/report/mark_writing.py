"""The report on marks, where a net answers yes or no to several questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caffepy import log
from caffepy.errors import shown
from caffepy.services.report import drawn, writing
from caffepy.services.report.class_writing import areas, of_rankings
from caffepy.services.report.marks import MarkJudge
from caffepy.services.sheets.page import as_png

logger = log.get(__name__)

KEYS = ("mark", "name", "count", "yes", "accuracy", "precision", "recall", "f1", "roc_area",
        "average_precision")
PERHAPS = ("roc.png", "roc.csv", "precision_recall.png", "precision_recall.csv")


def write(folder: str, judge: MarkJudge, names: Sequence[str]) -> dict[str, Any]:
    """Write the report into the folder, which is there, and log it.

    Returns: what report.json has.
    """
    told = result(judge, names)
    say(told, judge)
    error = told["calibration"]["expected_calibration_error"]
    rankings = {names[mark]: ranking for mark, ranking in judge.rankings.items()}
    writing.put(folder, {
        "report.json": writing.as_json(told),
        "marks.csv": writing.as_csv([KEYS, *([entry.get(key) for key in KEYS]
                                             for entry in told["marks"])]),
        "calibration.png": as_png(drawn.calibration(judge.calibration, "" if error is None else
                                                    f"calibration error {error:.4f}")),
        **of_rankings(rankings or {"all marks": judge.together}),
    }, PERHAPS)
    return told


def result(judge: MarkJudge, names: Sequence[str]) -> dict[str, Any]:
    """What report.json has."""
    marks = []
    for mark, name in enumerate(names):
        table = judge.table[mark]
        count = int(table.sum())
        entry: dict[str, Any] = {
            "mark": mark, "name": name, "count": count, "yes": int(table[1].sum()),
            "accuracy": float(table.trace() / count) if count else None,
            **judge.of_yes(mark)}
        if mark in judge.rankings:
            entry.update(areas(judge.rankings[mark]))
        marks.append(entry)
    counted = [entry for entry in marks if entry["count"]]
    return {
        "labels": judge.pair.name, "layer": judge.pair.node.layer.spec.name,
        "items": judge.count, "records": judge.total, "accuracy": judge.accuracy,
        "macro": {key: sum(entry[key] for entry in counted) / max(len(counted), 1)
                  for key in ("precision", "recall", "f1")},
        "micro": judge.of_yes(), **areas(judge.together),
        "calibration": judge.calibration.result(), "marks": marks}


def say(told: Mapping[str, Any], judge: MarkJudge) -> None:
    """Log the numbers of a report."""
    logger.info("Report over %s: accuracy %.4f of yes or no by layer '%s'",
                writing.over(judge.count, judge.total), told["accuracy"], told["layer"])
    for mean in ("macro", "micro"):
        logger.info("    %s mean: %s", mean,
                    ", ".join(f"{key.replace('f1', 'F1')} {value:.4f}"
                              for key, value in told[mean].items()))
    if len(told["marks"]) <= writing.LISTED:
        writing.table([["mark", "yes", "accuracy", "precision", "recall", "F1", "ROC area", "AP"],
                       *map(_row, told["marks"])])


def _row(entry: Mapping[str, Any]) -> list[str]:
    values = [entry.get(key) for key in KEYS[4:]]
    return [shown(entry["name"]), str(entry["yes"]),
            *("-" if value is None else f"{value:.4f}" for value in values)]
