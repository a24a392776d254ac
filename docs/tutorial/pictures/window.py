"""Draws window.svg: the convolution of page 2, whose window of 3 x 3 moves over 4 x 4 numbers."""

from pathlib import Path

CELL = 30
GAP = 40


def cells(left: int, top: int, numbers: list[list[str]], seen: set[tuple[int, int]],
          colour: str) -> list[str]:
    """A grid of numbers; those seen are coloured."""
    parts = []
    for row, line in enumerate(numbers):
        for column, number in enumerate(line):
            x, y = left + CELL * column, top + CELL * row
            fill = colour if (row, column) in seen else "white"
            parts.append(f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{fill}"/>')
            parts.append(f'<text x="{x + CELL // 2}" y="{y + 20}" stroke="none">{number}</text>')
    return parts


parts = []
values = [[4 * row + column for column in range(4)] for row in range(4)]
results = [["", ""], ["", ""]]
for place in range(4):
    down, right = divmod(place, 2)
    window = {(down + i, right + j) for i in range(3) for j in range(3)}
    results[down][right] = str(sum(values[row][column] for row, column in window))
    left = 10 + place * (4 * CELL + GAP)
    parts += cells(left, 10, [[str(value) for value in line] for line in values], window, "#ffd27f")
    parts.append(f'<path d="M{left + 2 * CELL} {4 * CELL + 14}v18m-5 -7l5 7l5 -7" fill="none"/>')
    parts += cells(left + CELL, 5 * CELL + 10, results, {(down, right)}, "#9fc5e8")

width, height = 20 + 4 * (4 * CELL + GAP) - GAP, 7 * CELL + 20
Path("window.svg").write_text("\n".join([
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" '
    'text-anchor="middle" stroke="#555">',
    '<rect width="100%" height="100%" fill="white" stroke="none"/>',
    *parts, "</svg>", ""]), encoding="utf-8")
