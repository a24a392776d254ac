"""Small drawings of curves as SVG, for pages without scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

LEFT, BOTTOM = 52.0, 18.0  # for the numbers beside a chart


def spark(values: Sequence[float], width: int = 88, height: int = 28) -> Markup:
    """A line without axes; it says nothing to a screen reader, the number beside it does."""
    finite = [(i, y) for i, y in enumerate(values) if math.isfinite(y)]
    if len(finite) < 2:
        return Markup("")
    low, high = min(y for _, y in finite), max(y for _, y in finite)
    last = len(values) - 1
    places = [(1 + i / last * (width - 2), 2 + (high - y) / ((high - low) or 1) * (height - 4))
              for i, y in finite]
    return Markup(
        f'<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-hidden="true"><polyline points="{_points(places)}"/></svg>')


def chart(panel: dict[str, Any], width: int = 760, height: int = 240) -> Markup:
    """A panel of ``panels.charts`` with its least and largest numbers at the axes; for a screen
    reader its title and curves in words."""
    xs = [x for curve in panel["curves"] for x in curve["x"]]
    ys = [y for curve in panel["curves"] for y in curve["y"] if math.isfinite(y)]
    if not ys:
        return Markup("")
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    across, up = (x1 - x0) or 1, (y1 - y0) or 1
    lines = []
    for curve in panel["curves"]:
        places = [(LEFT + (x - x0) / across * (width - LEFT - 6),
                   6 + (y1 - y) / up * (height - BOTTOM - 12))
                  for x, y in zip(curve["x"], curve["y"], strict=True) if math.isfinite(y)]
        lines.append(f'<polyline class="{curve["style"]} color-{curve["color"]}" '
                     f'points="{_points(places)}"/>')
    numbers = [(LEFT - 6, 14, "end", y1), (LEFT - 6, height - BOTTOM - 2, "end", y0),
               (LEFT, height - 3, "start", x0), (width - 6, height - 3, "end", x1)]
    texts = [f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{value:.4g}</text>'
             for x, y, anchor, value in numbers]
    return Markup(
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(words(panel))}"><path d="M{LEFT} 4V{height - BOTTOM}H{width - 4}"/>'
        f'{"".join(lines)}{"".join(texts)}</svg>')


def words(panel: dict[str, Any]) -> str:
    """A panel in words: what each curve ends at."""
    said = []
    for curve in panel["curves"]:
        last = next((y for y in reversed(curve["y"]) if math.isfinite(y)), None)
        if last is not None and curve["style"] != "faint":
            said.append(f"{curve['label']} ends at {last:.4g}")
    return f"{panel['title']}: {'; '.join(said)}"


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
