"""Makes train_lmdb and validation_lmdb from a folder of pictures cat.0.jpg, dog.0.jpg, ...

    python scripts/cats_dogs/create_lmdb.py
    python scripts/cats_dogs/create_lmdb.py --pictures my/pictures --out my/data --size 64

The pictures are shuffled; of each six one goes to validation. Databases that are there already are
made anew, and replaced when the new ones are complete.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import lmdb
import numpy as np
from caffe.proto import caffe_pb2
from pictures import find, label_of, load

from caffepy.cli import gflags

DATA = "data/cats_dogs"
SIZE = 227  # what CaffeNet sees
SEED = 1
PARTS = 6  # one of them for validation
COMMIT_EVERY = 500  # pictures: so many lie in memory


def datum(picture: np.ndarray, label: int) -> bytes:
    """The record of a picture, H x W x 3."""
    height, width, channels = picture.shape
    return caffe_pb2.Datum(
        channels=channels, height=height, width=width, label=label,
        data=picture.transpose(2, 0, 1).tobytes(),
    ).SerializeToString()


def write(database: Path, pictures: list[tuple[int, Path]], size: int) -> None:
    """A database of pictures. Each comes with its number, which is its key."""
    new = database.with_name(database.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    # room for the pages' heads and for records that do not fill theirs; the file grows as needed
    room = len(pictures) * (3 * size * size + 8192) * 2 + (1 << 20)
    with lmdb.open(str(new), map_size=room) as env:
        for first in range(0, len(pictures), COMMIT_EVERY):
            with env.begin(write=True) as transaction:
                for number, path in pictures[first: first + COMMIT_EVERY]:
                    record = datum(load(path, size), label_of(path))
                    transaction.put(f"{number:05d}".encode(), record)
    shutil.rmtree(database, ignore_errors=True)
    os.rename(new, database)
    print(f"Wrote {len(pictures)} pictures to {database}")


def create(paths: Iterable[Path], out: Path, size: int = SIZE, seed: int = SEED) -> None:
    """Write ``out``/train_lmdb and ``out``/validation_lmdb.

    Args:
        size: pixels on each side.
        seed: the same one shuffles in the same way.

    Raises:
        DataError: a picture cannot be decoded, or its name tells no label.
    """
    shuffled = list(paths)
    random.Random(seed).shuffle(shuffled)
    out.mkdir(parents=True, exist_ok=True)
    numbered = list(enumerate(shuffled))
    write(out / "train_lmdb", [x for x in numbered if x[0] % PARTS], size)
    write(out / "validation_lmdb", numbered[::PARTS], size)


@gflags.command("create_lmdb", help="Make two LMDBs of a folder of pictures.")
@gflags.flag("pictures", str, f"{DATA}/train", "Folder of cat.0.jpg, dog.0.jpg, ...")
@gflags.flag("out", str, DATA, "Folder for the databases.")
@gflags.flag("size", int, SIZE, "Pixels on each side.")
@gflags.flag("seed", int, SEED, "The same seed shuffles in the same way.")
def main(pictures: str, out: str, size: int, seed: int) -> None:
    create(find(pictures), Path(out), size, seed)


if __name__ == "__main__":
    main()
