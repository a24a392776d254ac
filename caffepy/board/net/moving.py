"""How the parameters of a layer moved from snapshot to snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BINS = 60
MOST = 24        # snapshots drawn, evenly chosen
SAMPLE = 1 << 20  # numbers of a parameter that are counted, evenly chosen
WIDTH, ROW, TALL, LEFT, BELOW = 560, 26, 64, 92, 34  # pixels


@dataclass
class Step:
    """A parameter in one snapshot.

    Attributes:
        label: the iteration.
        moved: the norm of the change since the snapshot before over the norm it had; None for the
            first, or if the shapes differ.
        strange: how many numbers are infinite or none.
    """

    label: str
    mean: float
    std: float
    least: float
    most: float
    moved: float | None
    strange: int
    counts: Array


def chosen(items: Sequence[Any], most: int = MOST) -> list[Any]:
    """At most so many, evenly, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def steps(labelled: Iterable[tuple[str, Array]]) -> tuple[list[Step], float, float]:
    """A parameter over its snapshots, and the range that all the histograms share.

    Args:
        labelled: for each snapshot its label and the parameter.
    """
    found: list[Step] = []
    samples: list[Array] = []
    before: Array | None = None
    for label, values in labelled:
        flat = np.asarray(values, np.float32).reshape(-1)
        finite = flat[np.isfinite(flat)]
        moved = None
        if before is not None and before.shape == flat.shape:
            norm = float(np.linalg.norm(before))
            moved = float(np.linalg.norm(flat - before)) / norm if norm else None
        mean, std, least, most = (
            float(of(finite)) if finite.size else np.nan
            for of in (np.mean, np.std, np.min, np.max))
        found.append(Step(label, mean, std, least, most, moved, int(flat.size - finite.size),
                          np.zeros(BINS)))
        samples.append(finite[:: max(1, finite.size // SAMPLE)])
        before = flat
    low = min((step.least for step in found if step.least == step.least), default=0.0)
    high = max((step.most for step in found if step.most == step.most), default=0.0)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    for step, sample in zip(found, samples, strict=True):
        counts, _ = np.histogram(sample, BINS, (low, high))
        step.counts = counts / max(1, counts.sum())
    return found, low, high


def ridges(found: Sequence[Step], low: float, high: float, title: str) -> str:
    """The histograms one below the other, the newest in front, as an SVG whose colours are the
    page's (classes ridge and axis)."""
    peak = max((float(step.counts.max()) for step in found), default=0.0) or 1.0
    height = TALL + ROW * len(found) + BELOW
    inner = WIDTH - LEFT - 16
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" class="ridges" viewBox="0 0 {WIDTH} '
             f'{height}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">']
    for i, step in enumerate(found):
        base = TALL + ROW * i + ROW / 2
        points = [f"{LEFT + inner * (k + 0.5) / BINS:.1f},"
                  f"{base - TALL * 0.95 * float(np.sqrt(step.counts[k] / peak)):.1f}"
                  for k in range(BINS)]
        outline = f"{LEFT},{base} {' '.join(points)} {LEFT + inner},{base}"
        parts.append(f'<polygon class="ridge" points="{outline}"><title>{escape(step.label)}'
                     f'</title></polygon><text class="axis" x="{LEFT - 8}" y="{base}" '
                     f'text-anchor="end">{escape(step.label[-12:])}</text>')
    bottom = TALL + ROW * len(found)
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + inner * share
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        parts.append(f'<line class="axis" x1="{x:.1f}" y1="{bottom - ROW / 2}" x2="{x:.1f}" '
                     f'y2="{bottom - ROW / 2 + 6}"/><text class="axis" x="{x:.1f}" '
                     f'y="{bottom + 12}" text-anchor="{anchor}">{low + (high - low) * share:.3g}'
                     "</text>")
    return "".join([*parts, "</svg>"])
