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
from caffepy.data import image
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import textfile
from caffepy.proto.files import atomic_write
from caffepy.tools import _work
from caffepy.tools._prediction import KINDS
from caffepy.tools.convert_imageset import report_skipped

logger = log.get(__name__)

SIDE = 256


def resize_and_crop(path: str, target: str, side: int = SIDE) -> None:
    """Write the middle square of a picture, ``side`` pixels wide, in the format of its name.

    Raises:
        NotFound, DataError: it cannot be read, or not written.
    """
    import cv2

    picture = image.read_image(path)
    rows, columns = picture.shape[1:]
    # whole numbers as the original cut them, and never below the side
    height, width = (max(side, int(n * side / min(rows, columns))) for n in (rows, columns))
    top, left = (height - side) // 2, (width - side) // 2
    square = image.resize(picture, height, width)[:, top : top + side, left : left + side]
    try:
        done, encoded = cv2.imencode(os.path.splitext(target)[1],
                                     square.transpose(1, 2, 0).copy())
    except cv2.error as error:
        raise DataError(f"pictures cannot be written in this format: {error.err}",
                        where=target) from error
    if not done:
        raise DataError("pictures cannot be written in this format", where=target)
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    with atomic_write(target) as file:
        file.write(encoded.tobytes())


def names_in(folder: str, listfile: str = "") -> list[str]:
    """The pictures of a list, or all below the folder, by their paths from there.

    Raises:
        NotFound: no such folder or list, or no picture.
    """
    if not os.path.isdir(folder):
        raise NotFound("there is no such folder", where=folder)
    if listfile:
        lines = [line.strip() for line in textfile.read_lines(listfile)]
        names = [_name(folder, line) for line in lines if line]
    else:
        names = sorted(
            os.path.relpath(os.path.join(at, name), folder)
            for at, _, files in os.walk(folder) for name in files
            if os.path.splitext(name)[1].lower() in KINDS)
    if not names:
        raise NotFound("there is no picture", where=listfile or folder)
    return names


def _name(folder: str, line: str) -> str:
    """The path in a line: all of it if that is there, else what stands before its last space.
    A path that begins with the folder, as `find` lists it, is cut to what follows."""
    if os.path.isabs(line) or line.startswith(os.path.join(folder, "")):
        line = os.path.relpath(line, folder)
    before, space, _ = line.replace("\t", " ").rpartition(" ")
    return before.rstrip() if space and not os.path.exists(os.path.join(folder, line)) else line


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

    def one(name: str) -> tuple[str, str] | None:
        target = os.path.join(output_folder, name)
        if not os.path.realpath(target).startswith(
                os.path.join(os.path.realpath(output_folder), "")):
            return name, f"{name}: it leads out of the output folder"
        try:
            resize_and_crop(os.path.join(input_folder, name), target, output_side_length)
        except CaffeError as error:
            return name, str(error)
        return None

    done = _work.in_order(one, names, _work.job_count(jobs))
    skipped = [fault for fault in _work.track(done, "pictures", len(names)) if fault]
    logger.info("Wrote %d pictures into %s", len(names) - len(skipped), output_folder)
    if skipped:
        report_skipped(skipped, len(names), "were left out")
        return 1
    return 0


if __name__ == "__main__":
    main()
