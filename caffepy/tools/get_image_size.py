"""get_image_size: the sizes of the pictures of a list into a text file.

    get_image_size VOCdevkit/ test.txt test_name_size.txt
    get_image_size --name_id_file=ids.txt coco/ minival.txt minival_name_size.txt

A line of the list is ``picture annotation``; one of the result ``name height width``, the name
without folder and ending, or the id that --name_id_file gives it. SSD's.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services.annoset.sizes import write_sizes
from caffepy.services.storing import report_skipped


@gflags.command(
    "get_image_size",
    help="Write `name height width` of the pictures that LISTFILE names, one `picture annotation` "
    "a line, into OUT_FILE; ROOTFOLDER/ is put right before each path.",
)
@click.argument("root", metavar="ROOTFOLDER/")
@click.argument("listfile", metavar="LISTFILE")
@click.argument("out_file", metavar="OUT_FILE")
@gflags.flag("name_id_file", gflags.FILE, "", "Lines `name id`: write ids instead of names.")
@gflags.flag("jobs", int, 0, "Threads that read; 0 means one a processor.")
def main(root: str, listfile: str, out_file: str, name_id_file: str, jobs: int) -> int:
    result = write_sizes(root, listfile, out_file, name_id_file, jobs)
    if result.skipped:
        report_skipped(result.skipped, result.count + len(result.skipped),
                       "could not be read and are left out")
        return 1
    return 0


if __name__ == "__main__":
    main()
