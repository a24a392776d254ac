"""caffepy diff: what two models have not in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caffepy.cli import flags, gflags
from caffepy.columns import columns

if TYPE_CHECKING:
    from caffepy.services.comparing import Apart, Comparison

ABSENT = "-"


@gflags.command("diff", help="Compare two models, A and B, each a prototxt or weights: layers, "
                             "settings, and every parameter. Exits with 1 if they differ.")
@click.argument("a")
@click.argument("b")
@gflags.flag("all", bool, False, "Show parameters that are equal, too.")
@flags.PLUGIN
def diff(a: str, b: str, all: bool) -> int:
    from caffepy.services.comparing import compare

    found = compare(a, b)
    click.echo("\n".join(table(found, a, b, all)))
    return 0 if found.equal else 1


def table(found: Comparison, a: str, b: str, all: bool = False) -> list[str]:
    """The comparison in lines."""
    lines = [f"A is {a}", f"B is {b}"]
    for letter, layers in (("A", found.only_a), ("B", found.only_b)):
        if layers:
            lines += ["", f"Only in {letter}:",
                      *(f"  {line}" for line in columns([[*layer] for layer in layers]))]
    if found.settings:
        rows = [["layer", "setting", "A", "B"]] + [
            [one.layer or "(net)", one.name, one.a, one.b] for one in found.settings]
        lines += ["", *columns(rows)]
    shown = [one for one in found.parameters or [] if all or not one.equal]
    if shown:
        rows = [["layer", "param", "shape", "largest", "relative"], *map(_row, shown)]
        lines += ["", *columns(rows, right=(1, 3, 4))]
    return [*lines, "", _sum(found)]


def _row(one: Apart) -> list[str]:
    a, b = (ABSENT if shape is None else " x ".join(map(str, shape)) or "1 number"
            for shape in one.shapes)
    numbers = ([f"{one.largest:.3g}", f"{one.relative:.3g}"] if one.fits
               else [ABSENT, ABSENT])
    return [one.layer, str(one.index), a if one.shapes[0] == one.shapes[1] else f"{a} | {b}",
            *numbers]


def _sum(found: Comparison) -> str:
    """One line that tells how much was compared, and how much of it differs."""
    words = [f"layers in both: {found.layers}"]
    words.append("settings not compared, a file is without a net" if found.settings is None
                 else f"settings that differ: {len(found.settings)}")
    if found.parameters is None:
        words.append("parameters not compared, a file is without weights")
    else:
        apart = sum(not one.equal for one in found.parameters)
        words.append(f"parameters that differ: {apart} of {len(found.parameters)}")
    return f"{'Equal' if found.equal else 'Not equal'}; {'; '.join(words)}."
