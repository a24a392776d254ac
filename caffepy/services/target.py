"""Where a tool's records go: a new database, one in the place of another, or the end of one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from caffepy.data import datum
from caffepy.data.db import MARKS, Writer, new_db, open_db
from caffepy.errors import DataError
from caffepy.proto.files import beside, put_in_place

NEW, APPEND, OVERWRITE = "new", "append", "overwrite"


@contextmanager
def target(path: str, backend: str, mode: str = NEW) -> Iterator[Writer]:
    """A database to write into, complete under its name or as it was.

    Args:
        mode: NEW refuses a name that is taken; OVERWRITE puts the new database in the place of the
            one there, when it is complete; APPEND adds to the one there, if any, a thousand
            records at a time.

    Raises:
        NotFound: no folder. DataError: the name is taken, or what lies there is no database.
    """
    path = path.rstrip("/") or "/"
    if mode == NEW or not os.path.lexists(path):
        with new_db(path, backend) as db:
            yield db
    elif mode == APPEND:
        with open_db(path, backend, "append") as db:
            yield db
    else:
        path = os.path.realpath(path)
        if not any(os.path.exists(os.path.join(path, mark)) for mark in MARKS.values()):
            raise DataError("what lies there is no database, and is not overwritten", where=path)
        new, old = beside(path, "new"), beside(path, "old")
        with new_db(new, backend) as db:
            yield db
        os.rename(path, old)
        put_in_place(new, path)
        shutil.rmtree(old)


def end_of(path: str, backend: str) -> tuple[int, tuple[int, ...]]:
    """The number that the next record gets, and C x H x W of the first; (0, ()) of no database.

    Raises:
        DataError: the keys do not begin with numbers, so no order could be kept.
    """
    if not os.path.lexists(path):
        return 0, ()
    with open_db(path, backend) as db:
        if not db.valid:
            return 0, ()
        shape = datum.decode(db.value)[0].shape
        count = db.skip(1 << 62)
        db.seek_to_first()
        db.skip(count - 1)
        number = db.key.split(b"_")[0]
    if not number.isdigit():
        raise DataError("the database's keys do not begin with numbers", where=path,
                        found=number.decode(errors="backslashreplace"),
                        fix="Make a new database instead of appending.")
    return int(number) + 1, shape

