"""summarize: a net as a table: shapes, parameters, multiply-adds and memory of each layer.

    summarize train_val.prototxt
    summarize -phase=TEST -input_shape=3,227,227 train_val.prototxt

Data layers whose database or list is not there are taken as inputs of the same batch: of 3
channels and their crop_size, or of -input_shape. Where neither is known, the table does without
shapes. The words behind a layer are kernel/stride+padding and outputs/groups.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from caffepy.cli import flags, gflags
from caffepy.cli.net_table import MAX_WIDTH, table
from caffepy.errors import ConfigError
from caffepy.services.summary import summarize

if TYPE_CHECKING:
    pass


@gflags.command("summarize", help="Print the layers of the net in NET_PROTO as a table.")
@click.argument("net_proto")
@gflags.flag("max_width", int, MAX_WIDTH, "The widest that a column gets.")
@gflags.flag("w", int, 0, "The same.", hidden=True)
@gflags.flag("phase", gflags.Choice("TRAIN", "TEST"), "TRAIN", "Which layers are in.")
@gflags.flag("stage", str, "", "Stages of the net state, separated by commas.")
@gflags.flag("input_shape", str, "", "C,H,W of data layers whose files are not there.")
@flags.PLUGIN
def main(net_proto: str, max_width: int, w: int, phase: str, stage: str, input_shape: str) -> None:
    width = w or max_width
    if width < 2:
        raise ConfigError("max_width must be 2 or more", found=width)
    found = summarize(net_proto, phase or "TRAIN", flags.shape(input_shape),
                      flags.stages(stage))
    click.echo(table(found, width, sys.stdout.isatty() and "NO_COLOR" not in os.environ))


if __name__ == "__main__":
    main()
