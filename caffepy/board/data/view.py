"""A LevelDB read through links, so that nobody's lock is taken and nothing in its folder changes.

LevelDB admits one process at a time, and opening one writes: its log becomes a table. A training
that wants it later would find it locked. Its tables never change once they are written, so a folder
of links to them, with copies of the small files that name them, is the database as it is now.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from caffepy.data.db import Reader, open_db
from caffepy.errors import DataError
from caffepy.services import work

TABLES = (".ldb", ".sst")
TRIES = 3  # who writes it may take a table away while it is linked
MOST_LOG = 1 << 30  # bytes of a log, which is copied


@contextmanager
def opened(path: str) -> Iterator[Reader]:
    """A reader of a LevelDB.

    Raises:
        DataError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="caffepy-board-") as folder:
        reader = None
        for attempt in range(TRIES):
            here = os.path.join(folder, str(attempt))
            try:
                _link(path, here)
                with work.quiet():
                    reader = open_db(here, "leveldb")
                break
            except (DataError, OSError) as error:
                if attempt == TRIES - 1:
                    words = error.message if isinstance(error, DataError) else str(error)
                    raise DataError(words, where=path) from error
        assert reader is not None
        try:
            yield reader
        finally:
            reader.close()


def _link(path: str, folder: str) -> None:
    os.mkdir(folder)
    for name in os.listdir(path):
        source, target = os.path.join(path, name), os.path.join(folder, name)
        if os.path.islink(source):
            raise DataError("a file of the LevelDB is a link, which is not followed", where=source)
        if name.endswith(TABLES):
            os.symlink(os.path.abspath(source), target)
        elif name == "CURRENT" or name.startswith("MANIFEST-"):
            shutil.copyfile(source, target)
        elif name.endswith(".log"):
            if os.path.getsize(source) > MOST_LOG:
                raise DataError("the LevelDB's log is too large to be copied", where=source,
                                fix="Open the database once by itself, which makes a table of it.")
            shutil.copyfile(source, target)
