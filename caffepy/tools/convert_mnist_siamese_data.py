"""convert_mnist_siamese_data: pairs of MNIST's digits, for a siamese net.

Each record has two pictures drawn at random as its two channels, and the label 1 if they show
the same digit, else 0. There are as many pairs as pictures.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services import work
from caffepy.services.mnist_pairs import convert


@gflags.command(
    "convert_mnist_siamese_data",
    help="Turn MNIST's idx files IMAGES and LABELS into the database DB of random pairs.",
)
@click.argument("images")
@click.argument("labels")
@click.argument("db")
@gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "leveldb", "Kind of database.")
@gflags.flag("seed", int, work.SEED, "The same seed draws the same pairs.")
def main(images: str, labels: str, db: str, backend: str, seed: int) -> None:
    convert(images, labels, db, backend, seed)


if __name__ == "__main__":
    main()
