"""caffepy device_query: the GPUs, or what this machine has instead and what a GPU would need."""

from __future__ import annotations

import click

from caffepy import log
from caffepy.cli import devices, flags, gflags

logger = log.get(__name__)

LABEL_WIDTH = 31    # Caffe's column


@gflags.command("device_query", help="Show the GPUs, or what one would need.")
@flags.GPU
def device_query(gpu: str) -> None:
    logger.info("Querying GPUs %s", gpu)
    numbers = devices.choose(gpu)
    if numbers:
        for number in numbers:
            for label, value in devices.properties(number):
                logger.info("%s%s", f"{label}:".ljust(LABEL_WIDTH), value)
        return
    from caffepy.cli.doctor import report

    for label, value in report():
        click.echo(f"{label + ':':<{LABEL_WIDTH}}{value}")
