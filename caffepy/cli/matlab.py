"""caffepy matlab: where the package +caffe for MATLAB and Octave lies."""

from __future__ import annotations

import click

from caffepy.cli import gflags


@gflags.command("matlab", help="Print the folder for addpath in MATLAB and Octave: with it they "
                               "have the package +caffe.")
def matlab() -> None:
    from caffepy import matlab as words

    click.echo(words.FOLDER)
