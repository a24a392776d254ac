"""The report on a detector, as lines of the log and as files in a folder."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from caffepy import log
from caffepy.errors import shown
from caffepy.services.report import curves, writing
from caffepy.services.report.detections import SHOWN, Detections
from caffepy.services.report.found_sheet import sheet
from caffepy.services.sheets.page import as_png

logger = log.get(__name__)


def result(found: Detections, names: Mapping[int, str]) -> dict[str, Any]:
    """What report.json has.

    Args:
        names: of the classes; those without one are called by their numbers.
    """
    parts = found.tally.parts()
    return {
        "pictures": found.count,
        "records": found.total,
        "ap_version": found.tally.rule,
        "mean_average_precision": found.tally.score(),
        "coco": found.coco.summary(),
        "classes": [
            {"label": label, "name": names.get(label, str(label)), "count": count,
             "detections": len(found.tally.curve(label)[0]), "average_precision": parts[label],
             "coco_average_precision": found.coco.of_class(label)}
            for label, count in found.tally.counts().items()],
        "shown_from": SHOWN,
        "worst": [{"record": item.number, "name": item.name, "missed": item.missed,
                   "wrong": item.wrong} for item in found.worst.items()],
    }


def tell(folder: str, found: Detections, names: Mapping[int, str]) -> None:
    """Log the report and, if there is a folder, write it there."""
    told = result(found, names)
    say(told)
    if folder:
        write(folder, found, told)


def say(told: dict[str, Any]) -> None:
    """Log the mean, COCO's numbers and those of the classes."""
    count, records = told["pictures"], told["records"]
    rest = records is not None and count < records
    logger.info("Report over %s %d pictures%s: mAP %.4f (%s)", "the first" if rest else "all",
                count, f" of {records}" if rest else "", told["mean_average_precision"],
                told["ap_version"])
    words = ", ".join(f"{name} {value:.4f}" for name, value in told["coco"].items()
                      if value is not None)
    if words:
        logger.info("    by COCO's rules: %s", words)
    for entry in told["classes"][: writing.LISTED]:
        if entry["count"]:
            logger.info("    %s: %.4f (%d boxes)", shown(entry["name"]),
                        entry["average_precision"], entry["count"])
    if len(told["classes"]) > writing.LISTED:
        logger.info("    and %d more classes", len(told["classes"]) - writing.LISTED)


def write(folder: str, found: Detections, told: dict[str, Any]) -> None:
    """Write report.json, precision_recall.csv, precision_recall.png and, if there are mistakes and
    pictures, worst.png into the folder.

    Args:
        told: what report.json has.
    """
    os.makedirs(folder, exist_ok=True)
    files = {
        "report.json": json.dumps(told, indent=1).encode() + b"\n",
        "precision_recall.csv": _table(found, told).encode("utf-8", "surrogateescape"),
        "precision_recall.png": as_png(curves.picture(
            [curves.Curve(entry["label"], entry["name"], entry["average_precision"],
                          *found.tally.curve(entry["label"])[:2])
             for entry in told["classes"] if entry["count"]],
            f"mAP {told['mean_average_precision']:.4f} ({told['ap_version']})")),
    }
    pictures = [item for item in found.worst.items() if item.picture is not None]
    if pictures:
        names = {entry["label"]: entry["name"] for entry in told["classes"]}
        files["worst.png"] = as_png(sheet(pictures, names))
    writing.put(folder, files, ("worst.png",))


def _table(found: Detections, told: dict[str, Any]) -> str:
    """A row for each true box that was found, where recall rises."""
    target = io.StringIO()
    rows = csv.writer(target, lineterminator="\n")
    rows.writerow(["label", "name", "score", "precision", "recall"])
    for entry in told["classes"]:
        precision, recall, score = found.tally.curve(entry["label"])
        for i in np.flatnonzero(np.diff(recall, prepend=np.float32(0)) > 0):
            rows.writerow([entry["label"], entry["name"], f"{score[i]:.6g}", f"{precision[i]:.6g}",
                           f"{recall[i]:.6g}"])
    return target.getvalue()
