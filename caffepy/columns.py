"""Rows of words in columns, for terminals, logs and files."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: str = "  ") -> list[str]:
    """The rows as lines, each column as wide as its longest word.

    Args:
        right: the columns whose words stand at their right ends, as numbers do.
        gap: what stands between two columns.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [gap.join(word.rjust(width) if index in right else word.ljust(width)
                      for index, (word, width) in enumerate(zip(row, widths, strict=True))
                      ).rstrip() for row in rows]
