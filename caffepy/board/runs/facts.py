"""What a run's row says: how far it is, how well it does, how fast it goes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from caffepy.board.runs import prototxt
from caffepy.board.runs.curve import Curve, Key
from caffepy.board.runs.run import Run

QUIET = 60.0      # seconds without news after which a training is taken for stopped
INTERVALS = 5     # or so many times what passes between two displays
LOOKED_BACK = 20  # displays by which the time left is told
MOST_IMAGES = 1 << 31  # of an iteration; what claims more is damaged
BATCH = re.compile(r"\bbatch_size:\s*(\d{1,9})")
NAME = re.compile(r'^name: "([^"\n]*)"', re.MULTILINE)  # a net's own, for layers' are set in
BEST = ("accuracy", "acc", "map", "top", "detection_eval")  # names of scores, best first


@dataclass
class Score:
    """A test's output that says how good the net is: more is better."""

    name: str
    last: float
    best: float
    best_at: int


@dataclass
class Facts:
    """A run in numbers; None is what is not known.

    Attributes:
        state: "training", "finished", "stopped", "reading", or "" for a log of something else.
        part_read: of the file, 0 to 1.
        loss: over average_loss.
        speed: iterations a second, of the last display; ``images`` a second.
        seconds: of training so far, those before a snapshot it went on from included; ``left``.
    """

    name: str
    net: str
    state: str
    part_read: float
    changed: float
    began: float | None
    iteration: int | None = None
    max_iter: int | None = None
    loss: float | None = None
    score: Score | None = None
    rate: float | None = None
    speed: float | None = None
    images: float | None = None
    seconds: float | None = None
    left: float | None = None


def facts(run: Run, now: float | None = None) -> Facts:
    """What a run's file says so far.

    Args:
        now: seconds since the epoch.
    """
    now = time.time() if now is None else now
    with run.lock:
        settings = prototxt.words(run.solver_text)
        max_iter = prototxt.whole(settings, "max_iter")
        main = main_curve(run)
        result = Facts(run.name, net_name(run), "", run.part_read, run.changed, run.began,
                       max_iter=max_iter, score=best_score(run))
        last = max((curve.iterations[-1] for _, curve in _any(run)), default=None)
        result.iteration = None if last is None else int(last)
        if main is not None:
            result.loss = main.values[-1]
        result.rate = _last(run, "rate")
        result.speed = _last(run, "speed")
        result.seconds = max((curve.seconds[-1] for _, curve in _any(run)), default=None)
        pace, interval = _pace(main)
        result.speed = pace if result.speed is None else result.speed
        images = images_of(run)
        if images and result.speed is not None:
            result.images = result.speed * images
        ended = run.done or bool(max_iter and last is not None and last >= max_iter)
        quiet = now - run.changed > max(QUIET, INTERVALS * interval)
        training = last is not None or run.start or run.solver_text
        result.state = ("" if not training and result.part_read == 1 else
                        "reading" if result.part_read < 1 else "finished" if ended else
                        "stopped" if quiet else "training")
        if result.state == "training" and max_iter and pace and last is not None:
            result.left = max(max_iter - last, 0) / pace
    return result


def _any(run: Run) -> list[tuple[Key, Curve]]:
    return [(key, curve) for key, curve in run.curves.items() if len(curve)]


def _last(run: Run, phase: str) -> float | None:
    curve = run.curves.get(Key(phase))
    return curve.values[-1] if curve else None


def main_curve(run: Run) -> Curve | None:
    """The whole loss of the training."""
    for phase in ("smoothed", "total"):
        curve = run.curves.get(Key(phase))
        if curve:
            return curve
    return None


def _pace(curve: Curve | None) -> tuple[float | None, float]:
    """Iterations a second over the last displays, tests and snapshots between them included; and
    seconds from one display to the next."""
    if curve is None or len(curve) < 2:
        return None, 0.0
    back = min(LOOKED_BACK, len(curve) - 1)
    passed = curve.seconds[-1] - curve.seconds[-1 - back]
    done = curve.iterations[-1] - curve.iterations[-1 - back]
    return (done / passed if passed > 0 else None), max(passed, 0.0) / back


def net_name(run: Run) -> str:
    """What the net is called; "" if nothing says it."""
    name = run.start.get("net")
    if isinstance(name, str):
        return name
    told = NAME.search(run.net_text)
    return told[1] if told else ""


def images_of(run: Run) -> int | None:
    """How many pictures an iteration takes."""
    told = run.start.get("images")
    if isinstance(told, int):
        return told if 0 < told < MOST_IMAGES else None
    batch = BATCH.search(run.net_text)
    if batch is None:
        return None
    rounds = prototxt.whole(prototxt.words(run.solver_text), "iter_size") or 1
    return int(batch[1]) * rounds


def best_score(run: Run) -> Score | None:
    """The test's output that tells best how good the net is: one whose name says so, or else the
    first that is no loss."""
    known = [(key, curve) for key, curve in run.curves.phase("test") if not run.is_loss(key.name)]
    if not known:
        return None

    def order(found: tuple[Key, Curve]) -> int:
        name = found[0].name.rpartition("/")[2].lower()
        return next((i for i, word in enumerate(BEST) if word in name), len(BEST))

    key, curve = min(known, key=order)
    at = max(range(len(curve)), key=lambda i: (curve.values[i] == curve.values[i],
                                               curve.values[i]))
    name = key.name if key.net == 0 else f"{key.name} #{key.net}"
    return Score(name, curve.values[-1], curve.values[at], int(curve.iterations[at]))
