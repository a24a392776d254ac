"""The report on numbers, where a net does regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caffepy import log
from caffepy.services.report import drawn, writing
from caffepy.services.report.numbers import NumberJudge
from caffepy.services.report.sheet import sheet_of_numbers
from caffepy.services.sheets.page import as_png

logger = log.get(__name__)

KEYS = ("mae", "rmse", "bias", "r2")
TITLES = ("MAE", "RMSE", "bias", "R2")
PERHAPS = ("worst.png",)


def write(folder: str, judge: NumberJudge) -> dict[str, Any]:
    """Write the report into the folder, which is there, and log it.

    Returns: what report.json has.
    """
    told = result(judge)
    say(told, judge)
    found = {
        "report.json": writing.as_json(told),
        "outputs.csv": writing.as_csv([["output", *KEYS], *(
            [number, *(entry[key] for key in KEYS)]
            for number, entry in enumerate(told["outputs"]))]),
        "residuals.png": as_png(drawn.residuals(judge, f"RMSE {told['rmse']:.4g}")),
    }
    pictures = [item for item in judge.worst.items() if item.picture is not None]
    if pictures:
        found["worst.png"] = as_png(sheet_of_numbers(pictures))
    writing.put(folder, found, PERHAPS)
    return told


def result(judge: NumberJudge) -> dict[str, Any]:
    """What report.json has."""
    return {
        "labels": judge.pair.name, "layer": judge.pair.node.layer.spec.name,
        "items": judge.count, "records": judge.total, **judge.whole(), "outputs": judge.outputs(),
        "shown_outputs": judge.shown.tolist(),
        "worst": [{"record": item.number, "name": item.name, "rmse": item.error,
                   "truth": item.truth.tolist(), "answer": item.answer.tolist()}
                  for item in judge.worst.items()]}


def say(told: Mapping[str, Any], judge: NumberJudge) -> None:
    """Log the numbers of a report."""
    logger.info("Report over %s: %s by layer '%s'", writing.over(judge.count, judge.total),
                ", ".join(f"{title} {_said(told[key])}"
                          for key, title in zip(KEYS, TITLES, strict=True)), told["layer"])
    outputs = told["outputs"]
    if 1 < len(outputs) <= writing.LISTED:
        writing.table([["output", *TITLES], *(
            [str(number), *(_said(entry[key]) for key in KEYS)]
            for number, entry in enumerate(outputs))])


def _said(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"
