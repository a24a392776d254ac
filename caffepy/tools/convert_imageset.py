"""convert_imageset: a list of pictures into a database of Datums.

    convert_imageset --shuffle --resize_height=256 --resize_width=256 images/ train.txt train_lmdb

A line of the list is ``path label``, cut at its last space; ROOT is put right before the path.
Keys are the number of the line in eight digits, ``_`` and the path, so that a cursor meets the
records in the order of the (shuffled) list.

Better than the original on purpose: pictures that cannot be read are listed at the end, and the
exit code is then 1; the database appears only when it is complete; the same call shuffles in the
same way (--seed); encoded pictures keep their bytes only if they really have the channels asked
for, so that a gray JPEG among coloured ones does not stop a training later.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError
from caffepy.services import work
from caffepy.services.imagesets import convert, report_skipped
from caffepy.services.picture_records import Format
from caffepy.services.target import APPEND, NEW, OVERWRITE


@gflags.command(
    "convert_imageset",
    help="Turn the pictures that LISTFILE names, one `path label` a line, into the database "
    "DB_NAME. ROOTFOLDER/ is put right before each path.",
)
@click.argument("root", metavar="ROOTFOLDER/")
@click.argument("listfile")
@click.argument("db_name")
@gflags.flag("gray", bool, False, "Store pictures as one gray channel.")
@gflags.flag("shuffle", bool, False, "Shuffle the list.")
@gflags.flag("seed", int, work.SEED, "The same seed shuffles in the same way.")
@gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind of database.")
@gflags.flag("resize_width", int, 0, "Width to bring pictures to; 0 keeps it.")
@gflags.flag("resize_height", int, 0, "Height to bring pictures to; 0 keeps it.")
@gflags.flag("check_size", bool, False, "Stop if a picture has another size than the first.")
@gflags.flag("encoded", bool, False, "Store pictures as the bytes of a picture file.")
@gflags.flag("encode_type", str, "", "Encode all as this (png, jpg...); implies encoded.")
@gflags.flag("overwrite", bool, False, "Put the new database in the place of the one there.")
@gflags.flag("append", bool, False, "Add to the database that is there.")
@gflags.flag("label_db", gflags.FILE, "", "A second database, for labels that are numbers.")
@gflags.flag("labels", int, 1, "How many labels end each line; more than 1 needs label_db.")
@gflags.flag("jobs", int, 0, "Threads that read and decode; 0 means one a processor.")
def main(
    root: str, listfile: str, db_name: str, gray: bool, shuffle: bool, seed: int, backend: str,
    resize_width: int, resize_height: int, check_size: bool, encoded: bool, encode_type: str,
    overwrite: bool, append: bool, label_db: str, labels: int, jobs: int,
) -> int:
    if overwrite and append:
        raise ConfigError("--overwrite and --append exclude each other")
    if labels != 1 and not label_db:
        raise ConfigError(f"--labels={labels} needs --label_db: a Datum has room for one label")
    mode = OVERWRITE if overwrite else APPEND if append else NEW
    format = Format(gray, resize_height, resize_width, encoded, encode_type)
    result = convert(root, listfile, db_name, backend, format=format, shuffle=shuffle, seed=seed,
                     check_size=check_size, jobs=jobs, mode=mode, label_db=label_db,
                     label_count=labels)
    if result.skipped:
        report_skipped(result.skipped, result.count + len(result.skipped))
        return 1
    return 0


if __name__ == "__main__":
    main()
