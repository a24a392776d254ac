"""convert_mnist_data: the idx files of MNIST into a database of Datums.

The idx format (from MNIST's page): big-endian 32-bit numbers, first a magic one (2051 for
pictures, 2049 for labels), then the counts (items; for pictures rows and columns too), then bytes.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services.mnist import convert


@gflags.command(
    "convert_mnist_data",
    help="Turn MNIST's idx files IMAGES and LABELS into the database DB, which must not exist.",
)
@click.argument("images")
@click.argument("labels")
@click.argument("db")
@gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind of database.")
def main(images: str, labels: str, db: str, backend: str) -> None:
    convert(images, labels, db, backend)


if __name__ == "__main__":
    main()
