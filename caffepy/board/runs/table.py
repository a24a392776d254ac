"""A run's row in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from caffepy.board import words
from caffepy.board.runs import sketch
from caffepy.board.runs.facts import Facts, main_curve
from caffepy.board.runs.run import Run

DRAWN = 60  # points of the small drawing
STATES = {"training": "training", "finished": "finished", "stopped": "stopped",
          "reading": "being read"}


@dataclass(frozen=True)
class Row:
    """What a page shows of a run; see Facts."""

    name: str
    net: str
    state: str
    word: str
    iteration: str
    part: float | None  # done, 0 to 1
    loss: str
    score: str
    best: str
    rate: str
    speed: str
    seconds: str
    left: str
    changed: float
    spark: Markup


def row(facts: Facts, run: Run) -> Row:
    """The words for what is known."""
    iteration, last = words.number(facts.iteration), facts.max_iter
    part = None
    if last and facts.iteration is not None:
        iteration += f" of {words.number(last)}"
        part = min(facts.iteration / last, 1.0)
    score = facts.score
    best = ""
    if score is not None and score.best_at != facts.iteration and score.best > score.last:
        best = f"best {score.best:.4g} at {words.number(score.best_at)}"
    speed = words.NONE
    if facts.speed is not None:
        speed = (f"{words.number(_rounded(facts.images))} images/s" if facts.images is not None
                 else f"{facts.speed:.3g} it/s")
    word = STATES.get(facts.state, facts.state)
    if facts.state == "reading":
        word += f", {facts.part_read:.0%}"
    with run.lock:
        curve = main_curve(run)
        spark = sketch.spark(list(curve.values[:: max(len(curve) // DRAWN, 1)]) if curve else [])
    return Row(
        facts.name, facts.net, facts.state, word, iteration, part,
        words.number(facts.loss), f"{score.name} {score.last:.4g}" if score else words.NONE, best,
        words.number(facts.rate), speed, words.duration(facts.seconds),
        words.duration(facts.left), facts.changed, spark)


def _rounded(value: float) -> float:
    return round(value) if 100 <= value < math.inf else float(f"{value:.3g}")
