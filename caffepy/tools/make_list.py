"""make_list: the pictures of a folder whose folders are classes, as a list.

    make_list -split=0.2 flowers flowers.txt

writes flowers_train.txt and flowers_val.txt, one ``path label`` a line with paths from the folder,
and labels.txt with the classes' names: what convert_imageset and ImageData (root_folder) read.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services import work
from caffepy.services.folder_sets import make_list


@gflags.command(
    "make_list",
    help="Write the list LISTFILE of the pictures in FOLDER: each folder in it is a class. "
    "labels.txt beside the list gets the classes' names.",
)
@click.argument("folder")
@click.argument("listfile")
@gflags.flag("split", float, 0.0, "The share of each class that goes into LISTFILE_val; the rest "
             "goes into LISTFILE_train.")
@gflags.flag("shuffle", bool, False, "Shuffle the list; else class follows class.")
@gflags.flag("seed", int, work.SEED, "The same seed shuffles and splits in the same way.")
@gflags.flag("overwrite", bool, False, "Put a new labels.txt in the place of another one.")
def main(folder: str, listfile: str, split: float, shuffle: bool, seed: int, overwrite: bool
         ) -> None:
    make_list(folder, listfile, split, seed, shuffle=shuffle, replace=overwrite)


if __name__ == "__main__":
    main()
