"""caffepy check: what a solver or a net would do, and what is wrong with it, without training."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from caffepy.cli import files, flags, gflags, net_table

if TYPE_CHECKING:
    from caffepy.services.summary import Summary


@gflags.command("check", help="Build the nets of a solver or net file, look at the first batches, "
                              "and say what is suspicious. Nothing is trained or written.")
@click.argument("solver_or_net")
@flags.PHASE
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def check(solver_or_net: str, phase: str, level: int, stage: str) -> None:
    files.check("SOLVER_OR_NET", solver_or_net, "prototxt")
    from caffepy.services import checking

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def show(label: str, found: Summary) -> None:
        click.echo(f"{label}: " if label else "", nl=False)
        click.echo(net_table.table(found, color=color) + "\n")

    checked = checking.check(solver_or_net, phase, level, flags.caffe_stages(stage), show)
    for sentence, label in checked.suspicious.items():
        click.echo(f"{label}: {sentence}" if label else sentence)
    if not checked.suspicious:
        click.echo("Nothing suspicious.")
