"""The report on a test, as files in a folder."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.errors import DataError, shown
from caffepy.proto.files import atomic_write
from caffepy.services.folders import NAMES, read_names
from caffepy.services.report import confusion
from caffepy.services.report.judging import Judge
from caffepy.services.report.sheet import sheet
from caffepy.services.sheets.page import as_png

logger = log.get(__name__)

LISTED = 20  # classes whose accuracy the log has


def names_for(judge: Judge, path: str = "") -> list[str]:
    """The names of the classes: of the file at ``path``, or of labels.txt beside the data, else
    their numbers.

    Raises:
        NotFound: no such file. DataError: it has more names than there are classes.
    """
    classes = len(judge.table)
    names = read_names(path) if path else list(judge.seen.names if judge.seen else ())
    if len(names) > classes:
        if path:
            raise DataError("the names are not those of the net's classes", where=path,
                            found=f"{len(names)} names", allowed=f"at most {classes}, one a line")
        logger.warning("%s beside the data has %d names, and the net has %d classes: numbers are "
                       "shown instead. -labels FILE names others.", NAMES, len(names), classes)
        names = []
    elif names and not path:
        logger.info("Names of classes: %s beside the data", NAMES)
    names = [name or str(label) for label, name in enumerate(names)]
    return names + [str(label) for label in range(len(names), classes)]


def prepare(folder: str) -> None:
    """Make the folder, before hours of batches and not after them.

    Raises:
        DataError: it cannot be made, or nothing can be written into it.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"the report cannot be written: {error.strerror}", where=folder) from error


def write(folder: str, judge: Judge, names: Sequence[str]) -> dict[str, Any]:
    """Write report.json, confusion.csv, confusion.png and, if there are mistakes and pictures,
    worst.png into the folder, which is there, and log the accuracies.

    Returns: what report.json has.
    """
    table, worst = judge.table, judge.worst.items()
    positions = int(table.sum())
    of_class = _shares(table)
    result: dict[str, Any] = {
        "layer": judge.node.layer.spec.name,
        "items": judge.count,
        "records": judge.total,
        "positions": positions,
        "accuracy": judge.right / max(positions, 1),
        "top_k": judge.top_k,
        "mean_class_accuracy": float(np.nanmean(of_class)) if positions else 0.0,
        "classes": [
            {"label": label, "name": name, "count": int(table[label].sum()),
             "right": int(table[label, label]),
             "accuracy": None if np.isnan(share) else float(share)}
            for label, (name, share) in enumerate(zip(names, of_class, strict=True))],
        "worst": [
            {"record": item.number, "name": item.name, "truth": item.truth, "answer": item.answer,
             "confidence": item.confidence, "probability_of_truth": item.probability,
             "right": item.right} for item in worst],
    }
    pictures = [item for item in worst if item.picture is not None]
    files = {
        "report.json": json.dumps(_finite(result), indent=1, allow_nan=False).encode() + b"\n",
        "confusion.csv": confusion.as_csv(table, names).encode("utf-8", "surrogateescape"),
        "confusion.png": as_png(confusion.as_picture(table, names)),
    }
    if pictures:
        files["worst.png"] = as_png(sheet(pictures, names))
    _say(result, judge)
    put(folder, files, ("worst.png",))
    return result


def put(folder: str, files: Mapping[str, bytes], perhaps: Sequence[str] = ()) -> None:
    """Write files into a folder, and log it.

    Args:
        perhaps: names of files that are removed if they are not among ``files``: those of an
            earlier test would mislead.
    """
    for name, data in files.items():
        with atomic_write(Path(folder, name)) as file:
            file.write(data)
    for name in set(perhaps) - set(files):
        Path(folder, name).unlink(missing_ok=True)
    logger.info("Wrote %s to %s", ", ".join(files), shown(folder))


def _say(result: dict[str, Any], judge: Judge) -> None:
    rest = judge.total is not None and judge.count < judge.total
    logger.info("Report over %s %d items%s: accuracy %.4f%s (%d of %d) by layer '%s'",
                "the first" if rest else "all", judge.count,
                f" of {judge.total}" if rest else "", result["accuracy"],
                f" among the {judge.top_k} best" if judge.top_k > 1 else "", judge.right,
                result["positions"], result["layer"])
    for entry in result["classes"][:LISTED]:
        if entry["count"]:
            logger.info("    %s: %.4f (%d of %d)", shown(entry["name"]), entry["accuracy"],
                        entry["right"], entry["count"])
    if len(result["classes"]) > LISTED:
        logger.info("    and %d more classes", len(result["classes"]) - LISTED)
    if len(judge.node.tops) > 1:
        logger.info("'%s' has the mean of its batches for each class, in which small batches and "
                    "classes that a batch lacks count wrongly; these are the true ones.",
                    judge.node.top_names[1])


def _shares(table: NDArray[Any]) -> NDArray[Any]:
    """The share of each class that is right; not a number for those that did not occur."""
    counts = table.sum(1)
    return np.divide(table.diagonal(), counts, out=np.full(len(table), np.nan),
                     where=counts > 0)


def _finite(value: Any) -> Any:
    """With null for what is infinite or no number, for which JSON has no word."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
