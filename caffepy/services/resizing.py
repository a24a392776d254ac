"""Pictures of all sizes, brought to one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from caffepy import log
from caffepy.data import image, opencv
from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.proto import textfile
from caffepy.proto.files import atomic_write
from caffepy.services import work
from caffepy.services.prediction import KINDS

logger = log.get(__name__)

SIDE = 256


def resize_all(
    folder: str, target_folder: str, names: Sequence[str], side: int = SIDE, jobs: int = 0
) -> list[tuple[str, str]]:
    """Write the middle squares of the pictures ``names`` of a folder into another, under the same
    names.

    Args:
        jobs: threads; 0 means one for each processor.

    Returns: those that were left out, each with why.
    """

    def one(name: str) -> tuple[str, str] | None:
        target = os.path.join(target_folder, name)
        if not os.path.realpath(target).startswith(
                os.path.join(os.path.realpath(target_folder), "")):
            return name, f"{name}: it leads out of the output folder"
        try:
            resize_and_crop(os.path.join(folder, name), target, side)
        except CaffeError as error:
            return name, str(error)
        return None

    done = work.in_order(one, names, work.job_count(jobs))
    return [fault for fault in work.track(done, "pictures", len(names)) if fault]


def resize_and_crop(path: str, target: str, side: int = SIDE) -> None:
    """Write the middle square of a picture, ``side`` pixels wide, in the format of its name.

    Raises:
        NotFound, DataError: it cannot be read, or not written.
    """
    cv2 = opencv.load()

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
