"""compute_image_mean: the mean picture of a database, and the mean of each channel.

The sum is kept in single precision, record after record, as the original keeps it: so the file
is equal to the original's byte for byte, also where such a sum has lost digits.
"""

from __future__ import annotations

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.services.means import channel_means, mean_of, write

logger = log.get(__name__)


@gflags.command(
    "compute_image_mean",
    help="Compute the mean of the pictures in INPUT_DB, and write it to OUTPUT_FILE if given.",
)
@click.argument("input_db")
@click.argument("output_file", required=False)
@gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind of database.")
def main(input_db: str, output_file: str | None, backend: str) -> None:
    mean = mean_of(input_db, backend)
    if output_file:
        logger.info("Write to %s", output_file)
        write(output_file, mean)
    logger.info("Number of channels: %d", len(mean))
    for channel, value in enumerate(channel_means(mean)):
        logger.info("mean_value channel [%d]: %g", channel, value)


if __name__ == "__main__":
    main()
