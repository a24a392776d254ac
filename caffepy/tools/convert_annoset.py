"""convert_annoset: a list of pictures with boxes into a database of AnnotatedDatums.

    convert_annoset --anno_type=detection --label_map_file=labelmap_voc.prototxt \\
        --check_label --encoded --encode_type=jpg VOCdevkit/ trainval.txt trainval_lmdb
    convert_annoset --anno_type=detection --label_type=json --encoded \\
        --label_map_file=labelmap_coco.prototxt val2017/ instances_val2017.json val_lmdb

A line of the list is ``picture annotation``, both paths behind ROOTFOLDER/; annotations are VOC's
XML, COCO's JSON, or text. With --anno_type=classification, the default, it is ``picture label``.

SSD's. Better than there on purpose: a picture whose annotation cannot be used is named and left
out, where SSD's tool ends, and the exit code is then 1; boxes are looked at; the database appears
when it is complete; the same call shuffles in the same way.
"""

from __future__ import annotations

from typing import Any

import click

from caffepy.cli import gflags
from caffepy.services.target import NEW, OVERWRITE
from caffepy.tools import _annoset


@gflags.command(
    "convert_annoset",
    help="Turn the pictures that LISTFILE names, one `picture annotation` a line, into the "
    "database DB_NAME of AnnotatedDatums; ROOTFOLDER/ is put right before each path. With "
    "--label_type=json LISTFILE may be COCO's file of a whole set.",
)
@click.argument("root", metavar="ROOTFOLDER/")
@click.argument("listfile", metavar="LISTFILE")
@click.argument("db_name", metavar="DB_NAME")
@_annoset.flags
@gflags.flag("overwrite", bool, False, "Put the new database in the place of the one there.")
def main(root: str, listfile: str, db_name: str, overwrite: bool, **options: Any) -> int:
    return _annoset.make(root, listfile, db_name, OVERWRITE if overwrite else NEW, **options)


if __name__ == "__main__":
    main()
