"""The sizes of pictures, a line each: what DetectionOutput's name_size_file and DetectionEvaluate's
want."""

from __future__ import annotations

import os

from caffepy import log
from caffepy.data import image, missing
from caffepy.errors import CaffeError, DataError, shown
from caffepy.proto import textfile
from caffepy.proto.files import atomic_write
from caffepy.services import storing, work
from caffepy.services.annoset.box_list import BoxLine, read_list
from caffepy.services.storing import Outcome

logger = log.get(__name__)


def write_sizes(root: str, listfile: str, target: str, name_id_file: str = "", jobs: int = 0
                ) -> Outcome:
    """Write `name height width` of each picture of a list, in its order; the name is the file's
    without folder and ending.

    Args:
        root: put right before each path.
        name_id_file: lines `name id`; the id then stands in the name's place.
        jobs: threads that read; 0 means one for each processor.

    Returns: what became of them.

    Raises:
        NotFound: no list, no root folder. DataError: a list that cannot be used, no picture that
            can be read, a file that cannot be written.
    """
    lines = read_list(listfile, storing.root_of(root, ""))
    root = storing.root_of(root, lines[0].path)
    ids = read_ids(name_id_file) if name_id_file else None
    logger.info("A total of %d images.", len(lines))

    def one(line: BoxLine) -> tuple[str, str | CaffeError]:
        place = missing.place(root, line.path)
        name = os.path.splitext(os.path.basename(line.path))[0]
        try:
            if ids is not None and name not in ids:
                raise DataError("the picture has no id", where=name_id_file, found=shown(name))
            _, height, width = image.read_image(place).shape
        except CaffeError as error:
            return place, error
        return place, f"{name if ids is None else ids[name]} {height} {width}\n"

    outcome = Outcome()
    with atomic_write(target) as file:
        done = work.in_order(one, lines, work.job_count(jobs))
        for place, found in work.track(done, "files", len(lines)):
            if isinstance(found, CaffeError):
                logger.error("Could not open or find file %s", place)
                outcome.skipped.append((place, found))
                continue
            file.write(os.fsencode(found))
            outcome.count += 1
            if outcome.count % storing.EVERY == 0:
                logger.info("Processed %d files.", outcome.count)
        if not outcome.count:
            raise DataError(f"none of the {len(lines)} pictures could be read", where=listfile,
                            found=f"for the first: {outcome.skipped[0][1]}")
    if outcome.count % storing.EVERY:
        logger.info("Processed %d files.", outcome.count)
    return outcome


def read_ids(path: str) -> dict[str, str]:
    """The ids of names, of lines `name id`.

    Raises:
        NotFound: no such file. DataError: another line, or a name with two ids.
    """
    ids: dict[str, str] = {}
    for number, line in enumerate(textfile.read_lines(path), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or not words[1].lstrip("-").isdecimal():
            raise DataError("a line is a name and its id", where=f"{path}:{number}",
                            found=repr(line), allowed="name id, the id a whole number")
        name, id = words
        if ids.setdefault(name, id) != id:
            raise DataError("a name has two ids", where=f"{path}:{number}", found=shown(name))
    return ids
