"""A net's summary in words: columns for people, coloured on terminals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from caffepy.services.summary import FLOAT

if TYPE_CHECKING:
    from caffepy.services.summary import Row, Summary

MAX_WIDTH = 30
ABSENT = "-"
UNKNOWN = "?"


def shown(shape: Iterable[int]) -> str:
    """A shape in words."""
    return " x ".join(map(str, shape)) or "1 number"


def table(summary: Summary, max_width: int = MAX_WIDTH, color: bool = False) -> str:
    """The summary in words, its columns no wider than ``max_width``."""
    titles = ["name", "type", "params", "multiply-adds", "memory", "bottoms -> tops", "shape", ""]
    cells = [[_Cell(title, bold=True) for title in titles]]
    for row in summary.rows:
        shapes = (ABSENT if row.shapes == [] else UNKNOWN if row.shapes is None else
                  ", ".join(dict.fromkeys(map(shown, row.shapes))))
        cells.append([
            _Cell(row.name), _Cell(row.type),
            _number(row.params), _number(row.multiply_adds), _number(row.memory),
            _flow(row, summary), _Cell(shapes), _Cell(row.detail)])
    widths = [min(max(len(line[i].text) for line in cells), max_width)
              for i in range(len(titles))]
    lines = [f"{summary.name or 'net'}: {len(summary.rows)} layers"]
    for line in cells:
        words = [cell.show(width, color) for cell, width in zip(line, widths, strict=True)]
        lines.append("  ".join(words).rstrip())
    if summary.params is not None:
        each = summary.total("multiply_adds") // max(summary.batch, 1)
        lines += [
            f"Parameters: {summary.params:,} ({_bytes(summary.params * FLOAT)})",
            f"Multiply-adds of a forward: {summary.total('multiply_adds'):,}; of one of "
            f"{summary.batch} items: {each:,}",
            f"Memory of the blobs' data, each counted once: {summary.total('memory'):,} bytes"
            f" ({_bytes(summary.total('memory'))})",
        ]
    if summary.unmade:
        lines.append(f"No layer makes: {', '.join(sorted(summary.unmade))}")
    if summary.unread:
        lines.append(f"Outputs: {', '.join(sorted(summary.unread))}")
    return "\n".join([*lines, *(f"Note: {note}" for note in summary.notes)])


@dataclass
class _Cell:
    """Some words of the table. ``marks`` are parts of the text to be coloured."""

    text: str
    right: bool = False
    bold: bool = False
    marks: dict[str, str] = field(default_factory=dict)

    def show(self, width: int, color: bool) -> str:
        cut = self.text if len(self.text) <= width else self.text[: width - 1] + "…"
        text = cut.rjust(width) if self.right else cut.ljust(width)
        if not color:
            return text
        if self.bold:
            return click.style(text, bold=True)
        words = text.split(" ")
        return " ".join(
            click.style(word, fg=self.marks[bare]) if (bare := word.strip(",")) in self.marks
            else word for word in words)


def _number(value: int | None) -> _Cell:
    text = UNKNOWN if value is None else f"{value:,}" if value else ABSENT
    return _Cell(text, right=True)


def _flow(row: Row, summary: Summary) -> _Cell:
    marks = {name: "red" for name in row.bottoms if name in summary.unmade}
    marks.update((name, "cyan") for name in row.tops if name in summary.unread)
    left = ", ".join(row.bottoms)
    return _Cell(f"{left} -> {', '.join(row.tops)}".strip(), marks=marks)


def _bytes(count: int) -> str:
    size, units = float(count), iter(("bytes", "KiB", "MiB", "GiB"))
    unit = next(units)
    while size >= 1024 and (larger := next(units, None)):
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}" if unit != "bytes" else f"{count} bytes"
