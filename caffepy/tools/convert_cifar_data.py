"""convert_cifar_data: CIFAR-10's binary files into a training and a test database.

A record of data_batch_1.bin to data_batch_5.bin and test_batch.bin is one byte of label and
3072 of a picture: 32 x 32 of red, then of green, then of blue.
Format: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services import work
from caffepy.services.cifar import convert


@gflags.command(
    "convert_cifar_data",
    help="Turn CIFAR-10's binary files in INPUT_FOLDER into cifar10_train_DB_TYPE and "
    "cifar10_test_DB_TYPE in OUTPUT_FOLDER.",
)
@click.argument("input_folder")
@click.argument("output_folder")
@click.argument("db_type", default="lmdb")
@gflags.flag("shuffle", bool, True, "Shuffle the training pictures.")
@gflags.flag("seed", int, work.SEED, "The same seed shuffles in the same way.")
def main(input_folder: str, output_folder: str, db_type: str, shuffle: bool, seed: int) -> None:
    convert(input_folder, output_folder, db_type, shuffle=shuffle, seed=seed)


if __name__ == "__main__":
    main()
