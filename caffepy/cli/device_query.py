"""caffepy device_query: the GPUs in Caffe's words, then what this installation has and lacks."""

from __future__ import annotations

import click

from caffepy import log
from caffepy.cli import flags, gflags
from caffepy.services import devices

logger = log.get(__name__)

LABEL_WIDTH = 31    # Caffe's column


@gflags.command("device_query", help="Show the GPUs, and what is installed or missing.")
@flags.GPU
def device_query(gpu: str) -> None:
    logger.info("Querying GPUs %s", gpu)
    try:
        for number in devices.choose(gpu):
            for label, value in devices.properties(number):
                logger.info("%s%s", f"{label}:".ljust(LABEL_WIDTH), value)
    finally:  # what is missing for a GPU is best read beside the error
        from caffepy.services.doctor import report

        for label, value in report():
            click.echo(f"{label + ':':<{LABEL_WIDTH}}{value}")
