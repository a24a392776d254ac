"""The report on classes: lines of the log, report.json, tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caffepy import log
from caffepy.errors import shown
from caffepy.services.report import confusion, curves, drawn, writing
from caffepy.services.report.judging import Judge
from caffepy.services.report.measures import Measures, top_k
from caffepy.services.report.ranking import Ranking, thinned
from caffepy.services.report.sheet import sheet
from caffepy.services.sheets.page import as_png

logger = log.get(__name__)

PERHAPS = ("worst.png", "roc.png", "roc.csv", "precision_recall.png", "precision_recall.csv",
           "iou.png")


def write(folder: str, judge: Judge, names: Sequence[str]) -> dict[str, Any]:
    """Write the report into the folder, which is there, and log it.

    Returns: what report.json has.
    """
    told = result(judge, names)
    say(told, judge)
    writing.put(folder, files(told, judge, names), PERHAPS)
    return told


def result(judge: Judge, names: Sequence[str]) -> dict[str, Any]:
    """What report.json has."""
    table, found = judge.table, Measures.of(judge.table)
    positions = int(table.sum())
    truth = table.sum(1)
    told: dict[str, Any] = {
        "labels": judge.pair.name,
        "layer": judge.node.layer.spec.name,
        "items": judge.count,
        "records": judge.total,
        "positions": positions,
        "accuracy": judge.right / max(positions, 1),
        "top_k": judge.top_k,
        "top_k_accuracy": {str(k): share for k, share in top_k(judge.ranks, judge.top_k).items()},
        "mean_class_accuracy": float(found.recall[truth > 0].mean()) if positions else 0.0,
        **found.means(table),
        "calibration": judge.calibration.result(),
    }
    if judge.dense:
        told["segmentation"] = found.segmentation(table)
    told["classes"] = []
    for label, name in enumerate(names):
        entry = {"label": label, "name": name, "count": int(truth[label]),
                 "answers": int(table[:, label].sum()), "right": int(table[label, label]),
                 "accuracy": _number(found.recall[label]),
                 "precision": _number(found.precision[label]), "f1": _number(found.f1[label]),
                 "iou": _number(found.iou[label])}
        if label in judge.rankings:
            entry.update(areas(judge.rankings[label]))
        told["classes"].append(entry)
    told["worst"] = [
        {"record": item.number, "name": item.name, "truth": item.truth, "answer": item.answer,
         "confidence": item.confidence, "probability_of_truth": item.probability,
         "right": item.right} for item in judge.worst.items()]
    return told


def areas(ranking: Ranking) -> dict[str, float | None]:
    """Those under both curves."""
    return {"roc_area": ranking.roc_area(), "average_precision": ranking.average_precision()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# -- the log ------------------------------------------------------------------------------


def say(told: Mapping[str, Any], judge: Judge) -> None:
    """Log the numbers of a report."""
    logger.info("Report over %s: accuracy %.4f%s (%d of %d) by layer '%s'",
                writing.over(judge.count, judge.total), told["accuracy"],
                f" among the {judge.top_k} best" if judge.top_k > 1 else "", judge.right,
                told["positions"], told["layer"])
    best = ", ".join(f"{k}: {share:.4f}" for k, share in told["top_k_accuracy"].items())
    if len(told["top_k_accuracy"]) > 1:
        logger.info("    truth among the best %s", best)
    macro, error = told["macro"], told["calibration"]["expected_calibration_error"]
    logger.info("    mean over classes: precision %.4f, recall %.4f, F1 %.4f%s",
                macro["precision"], macro["recall"], macro["f1"],
                "" if error is None else f"; calibration error {error:.4f}")
    if judge.dense:
        words = ", ".join(f"{name} {value:.4f}" for name, value in told["segmentation"].items())
        logger.info("    %s", words.replace("_", " ").replace("iou", "IoU"))
    occurring = [entry for entry in told["classes"] if entry["count"]]
    writing.table([_titles(judge), *(_row(entry, judge) for entry in occurring[: writing.LISTED])],
                  len(occurring) - writing.LISTED)
    if len(judge.node.tops) > 1:
        logger.info("'%s' has the mean of its batches for each class, in which small batches and "
                    "classes that a batch lacks count wrongly; these are the true ones.",
                    judge.node.top_names[1])


def _titles(judge: Judge) -> list[str]:
    return ["class", "count", "right", "recall", "precision", "F1", *["IoU"] * judge.dense,
            *["ROC area", "AP"] * bool(judge.rankings)]


def _row(entry: Mapping[str, Any], judge: Judge) -> list[str]:
    values = [entry["accuracy"], entry["precision"], entry["f1"], *[entry["iou"]] * judge.dense]
    if judge.rankings:
        values += [entry.get("roc_area"), entry.get("average_precision")]
    return [shown(entry["name"]), str(entry["count"]), str(entry["right"]),
            *("-" if value is None else f"{value:.4f}" for value in values)]


# -- files --------------------------------------------------------------------------------


def files(told: Mapping[str, Any], judge: Judge, names: Sequence[str]) -> dict[str, bytes]:
    """Name and content of each file of the report."""
    keys = ["label", "name", "count", "answers", "right", "accuracy", "precision", "f1", "iou",
            *["roc_area", "average_precision"] * bool(judge.rankings)]
    error = told["calibration"]["expected_calibration_error"]
    found = {
        "report.json": writing.as_json(told),
        "classes.csv": writing.as_csv([keys, *([entry.get(key) for key in keys]
                                               for entry in told["classes"])]),
        "confusion.csv": confusion.as_csv(judge.table, names).encode("utf-8", "surrogateescape"),
        "confusion.png": as_png(confusion.as_picture(judge.table, names)),
        "calibration.png": as_png(drawn.calibration(judge.calibration, "" if error is None else
                                                    f"calibration error {error:.4f}")),
    }
    if judge.dense:
        mean = told["segmentation"]["mean_iou"]
        found["iou.png"] = as_png(drawn.by_class(
            Measures.of(judge.table).iou, names, f"intersection over union: mean {mean:.4f}"))
    found.update(of_rankings({names[label]: ranking for label, ranking in judge.rankings.items()}))
    pictures = [item for item in judge.worst.items() if item.picture is not None]
    if pictures:
        found["worst.png"] = as_png(sheet(pictures, names))
    return found


def of_rankings(rankings: Mapping[str, Ranking]) -> dict[str, bytes]:
    """Both curves of each class that has both positives and negatives, as pictures and tables."""
    labels = {name: label for label, name in enumerate(rankings)}
    rankings = {name: ranking for name, ranking in rankings.items()
                if ranking.positives and ranking.negatives}
    if not rankings:
        return {}
    rocs, precisions = [], []
    tables: tuple[list[list[object]], list[list[object]]] = (
        [["name", "threshold", "false_positive_rate", "true_positive_rate"]],
        [["name", "threshold", "precision", "recall"]])
    for name, ranking in rankings.items():
        for table, columns in zip(tables, (ranking.roc(), ranking.precision_recall()),
                                  strict=True):
            shown = thinned(len(columns[0]))
            table += [[name, *map(float, row)] for row in
                      zip(*(column[shown] for column in columns), strict=True)]
        _, false, true = ranking.roc()
        rocs.append(curves.Roc(labels[name], name, ranking.roc_area() or 0.0, true, false))
        _, precision, recall = ranking.precision_recall()
        precisions.append(curves.Curve(labels[name], name, ranking.average_precision() or 0.0,
                                       precision, recall))
    rest = "against the rest" if len(rankings) > 1 else "told from the other"
    return {
        "roc.csv": writing.as_csv(tables[0]),
        "roc.png": as_png(curves.roc_picture(rocs, f"ROC and its area: {rest}")),
        "precision_recall.csv": writing.as_csv(tables[1]),
        "precision_recall.png": as_png(curves.picture(
            precisions, f"precision and recall, average precision: {rest}")),
    }
