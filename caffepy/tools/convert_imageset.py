"""convert_imageset: a list of pictures, or a folder of classes, into a database of Datums.

    convert_imageset --shuffle --resize_height=256 --resize_width=256 images/ train.txt train_lmdb
    convert_imageset --split=0.2 --resize_height=256 --resize_width=256 flowers flowers_lmdb

Without a list each folder in FOLDER is a class (caffepy.services.folders).

A line of the list is ``path label``, cut at its last space; ROOT is put right before the path.
Keys are the number of the line in eight digits, ``_`` and the path, so that a cursor meets the
records in the order of the (shuffled) list.

Better than the original on purpose: pictures that cannot be read are listed at the end, and the
exit code is then 1; the database appears only when it is complete; the same call shuffles in the
same way (--seed); encoded pictures keep their bytes only if they really have the channels asked
for, so that a gray JPEG among coloured ones does not stop a training later.
"""

from __future__ import annotations

import os
from typing import Any

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError, shown
from caffepy.services import work
from caffepy.services.folder_sets import convert_folder, make_list
from caffepy.services.imagesets import convert
from caffepy.services.picture_records import Format
from caffepy.services.storing import report_skipped
from caffepy.services.target import APPEND, NEW, OVERWRITE

CALLS = ("With a list: convert_imageset ROOTFOLDER/ LISTFILE DB_NAME. Without: convert_imageset "
         "FOLDER DB_NAME, where each folder in FOLDER is a class.")


@gflags.command(
    "convert_imageset",
    help="Turn the pictures that LISTFILE names, one `path label` a line, into the database "
    "DB_NAME; ROOTFOLDER/ is put right before each path. Without LISTFILE each folder in "
    "ROOTFOLDER is a class: the pictures are shuffled, and labels.txt beside the database gets the "
    "classes' names.",
)
@click.argument("words", nargs=-1, metavar="ROOTFOLDER/ [LISTFILE] DB_NAME")
@gflags.flag("gray", bool, False, "Store pictures as one gray channel.")
@gflags.flag("shuffle", bool, False, "Shuffle the list; a folder's pictures are shuffled anyway.")
@gflags.flag("seed", int, work.SEED, "The same seed shuffles and splits in the same way.")
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
@gflags.flag("split", float, 0.0, "Of a folder: the share of each class that goes into "
             "DB_NAME_val; the rest goes into DB_NAME_train.")
@gflags.flag("list", gflags.FILE, "", "Of a folder: write this list instead of a database.")
@gflags.flag("jobs", int, 0, "Threads that read and decode; 0 means one a processor.")
def main(
    words: tuple[str, ...], gray: bool, shuffle: bool, seed: int, backend: str, resize_width: int,
    resize_height: int, check_size: bool, encoded: bool, encode_type: str, overwrite: bool,
    append: bool, label_db: str, labels: int, split: float, list: str, jobs: int,
) -> int:
    if overwrite and append:
        raise ConfigError("--overwrite and --append exclude each other")
    if labels != 1 and not label_db:
        raise ConfigError(f"--labels={labels} needs --label_db: a Datum has room for one label")
    mode = OVERWRITE if overwrite else APPEND if append else NEW
    options: Any = {
        "backend": backend, "check_size": check_size, "jobs": jobs, "mode": mode,
        "format": Format(gray, resize_height, resize_width, encoded, encode_type)}
    if len(words) == 3:
        if split or list:
            raise ConfigError("--split and --list are for a folder of classes", fix=CALLS)
        results = [convert(*words, shuffle=shuffle, seed=seed, label_db=label_db,
                           label_count=labels, **options)]
    else:
        folder, name = _folder_call(words, list)
        if label_db:
            raise ConfigError("--label_db is for lists: a folder gives one label", fix=CALLS)
        if list:
            make_list(folder, list, split, seed, shuffle=shuffle, replace=overwrite)
            return 0
        results = convert_folder(folder, name, split, seed, **options)
    skipped = [fault for result in results for fault in result.skipped]
    if skipped:
        report_skipped(skipped, sum(result.count for result in results) + len(skipped))
        return 1
    return 0


def _folder_call(words: tuple[str, ...], list: str) -> tuple[str, str]:
    """Folder and name of a call without a list.

    Raises:
        ConfigError: a word is missing or too many; it says which.
    """
    if len(words) == 1 and list:
        return words[0], ""
    if len(words) == 2 and not list:
        if not (os.path.isfile(words[1]) or words[1].endswith(".txt")):
            return words[0], words[1]
        raise ConfigError("the name of the database is missing",
                          found=f"{shown(words[1])}, a list's", fix=CALLS)
    if len(words) > 3 or list:
        raise ConfigError("too many words" if len(words) > 1 else "the folder is missing",
                          found=" ".join(map(shown, words)) or None, fix=CALLS)
    raise ConfigError("the name of the database is missing" if words else
                      "the folder of the pictures is missing", fix=CALLS)


if __name__ == "__main__":
    main()
