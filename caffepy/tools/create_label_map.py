"""create_label_map: a list of names into a LabelMap prototxt.

    create_label_map --include_background names.txt labelmap.prototxt
    create_label_map --delimiter="," --include_background coco_labels.txt labelmap_coco.prototxt

A line is ``name``, ``name label`` or ``name label display_name``. SSD's.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services.annoset import label_maps


@gflags.command(
    "create_label_map",
    help="Turn MAP_FILE, whose lines are `name [label [display_name]]`, into the LabelMap "
    "prototxt OUT_FILE.",
)
@click.argument("map_file", metavar="MAP_FILE")
@click.argument("out_file", metavar="OUT_FILE")
@gflags.flag("include_background", bool, False, "Put none_of_the_above in front, as class 0.")
@gflags.flag("delimiter", str, " ", "What stands between fields; each letter of it does.")
def main(map_file: str, out_file: str, include_background: bool, delimiter: str) -> None:
    label_maps.create(map_file, out_file, include_background, delimiter)


if __name__ == "__main__":
    main()
