"""resize_and_crop_images: pictures of all sizes brought to one, in a folder of the same layout.

    resize_and_crop_images --input_folder=photos --output_folder=photos256 --output_side_length=256

The shorter side gets the output's length, then the middle is cut out, a square. The pictures are
those that LIST names (a path a line, relative to the input folder; a label after it is left alone),
or without one all below the input folder. The original needed a cluster's scheduler for this; here
it takes threads.
"""

from __future__ import annotations

import os

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import ConfigError
from caffepy.services.resizing import SIDE, names_in, resize_all
from caffepy.services.storing import report_skipped

logger = log.get(__name__)


@gflags.command(
    "resize_and_crop_images",
    help="Write the middle squares of pictures, all of one size, into another folder. LIST names "
    "the pictures; without it all below the input folder are taken.",
)
@click.argument("listfile", metavar="[LIST]", required=False, default="")
@gflags.flag("input_folder", gflags.FILE, "", "Where the pictures are.")
@gflags.flag("output_folder", gflags.FILE, "", "Where the squares go, under the same names.")
@gflags.flag("output_side_length", int, SIDE, "The height and width of the squares.")
@gflags.flag("input", gflags.FILE, "", "LIST by the name that it had.", hidden=True)
@gflags.flag("image_lib", str, "opencv", "Taken, without effect: OpenCV does it.", hidden=True)
@gflags.flag("jobs", int, 0, "Threads; 0 means one a processor.")
def main(listfile: str, input_folder: str, output_folder: str, output_side_length: int,
         input: str, image_lib: str, jobs: int) -> int:
    for flag, value in (("input_folder", input_folder), ("output_folder", output_folder)):
        if not value:
            raise ConfigError(f"--{flag} is missing", fix="Say which folder.")
    if output_side_length < 1:
        raise ConfigError("output_side_length must be 1 or more", found=output_side_length)
    if os.path.realpath(input_folder) == os.path.realpath(output_folder):
        raise ConfigError("the squares would take the place of the pictures", where=output_folder,
                          fix="Choose another --output_folder.")
    names = names_in(input_folder, listfile or input)

    skipped = resize_all(input_folder, output_folder, names, output_side_length, jobs)
    logger.info("Wrote %d pictures into %s", len(names) - len(skipped), output_folder)
    if skipped:
        report_skipped(skipped, len(names), "were left out")
        return 1
    return 0


if __name__ == "__main__":
    main()
