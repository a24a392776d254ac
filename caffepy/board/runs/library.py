"""The runs of the shelf: which files are logs or measurements, and what has been read of them."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from pathlib import Path

from caffepy.board.runs.run import Run
from caffepy.board.shelf import Found, Shelf
from caffepy.errors import DataError, NotFound
from caffepy.proto.files import wide_encoding
from caffepy.services.log_seconds import CREATED, STAMP

# what logs are called: train.log, log.txt, train.log.2, nohup.out, caffe.host.user.log.INFO.2014...
NAMES = re.compile(r"(?i)(\.(jsonl|log|txt|out|err|info)|log)([.\-_][\w.\-]*)?$|\.log\.INFO")
NO_LOGS = re.compile(r"\.(train|test|csv|png|svg|prototxt|caffemodel|solverstate|py|html)$")
LOOKED_AT = 1 << 14  # bytes in which a log shows that it is one
AGAIN = 2.0          # seconds after which folders are looked through once more, at the earliest
MOST_RUNS = 500      # that are listed, those changed last
MOST_KEPT = 100      # whose curves are kept, those asked for last


class Library:
    """The runs of a shelf; one for the board."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._known: dict[str, tuple[int, bool]] = {}  # bytes when looked into, and what was found
        self._found: list[Found] = []
        self._next = 0.0
        self._lock = threading.RLock()

    def found(self) -> list[Found]:
        """The files of runs, those changed last first."""
        with self._lock:
            began = time.monotonic()
            if began >= self._next:
                runs = [found for found in self.shelf.walk() if self._is_run(found)]
                runs.sort(key=lambda found: (-found.changed, found.name))
                self._found = runs[:MOST_RUNS]
                took = time.monotonic() - began
                self._next = time.monotonic() + max(AGAIN, 100 * took)  # 1 % of a core at most
            return list(self._found)

    def _is_run(self, found: Found) -> bool:
        base = found.path.name
        if not NAMES.search(base) or NO_LOGS.search(base) or not found.size:
            return False
        size, known = self._known.get(found.name, (-1, False))
        # what is a run stays one; another file may become one while it is short
        if size < 0 or not known and size < LOOKED_AT and size != found.size:
            known = is_run(found.path)
            self._known[found.name] = found.size, known
        return known

    def run(self, name: str) -> Run:
        """A run by its name on the shelf.

        Raises:
            NotFound: there is no such file. DataError: it is no log.
        """
        path = self.shelf.file(name)
        with self._lock:
            run = self._runs.get(name)
            if run is None:
                if not is_run(path):
                    raise DataError("this is neither a training's log nor its measurements",
                                    where=name)
                run = self._runs[name] = Run(name, path)
            self._runs.move_to_end(name)
            while len(self._runs) > MOST_KEPT:
                self._runs.popitem(last=False)
        return run

    def read(self, name: str, budget: float) -> Run:
        """A run, with what is new in its file; see ``Run.advance``.

        Raises:
            NotFound: there is no such file. DataError: it is no log, or cannot be read.
        """
        run = self.run(name)
        try:
            run.advance(budget)
        except FileNotFoundError:
            raise NotFound("the file is gone", where=name) from None
        except OSError as error:
            raise DataError(f"it cannot be read: {error.strerror}", where=name) from error
        return run


def is_run(path: Path) -> bool:
    """Whether a file begins as glog's logs or as measurements do."""
    try:
        with open(path, "rb") as file:
            head = file.read(LOOKED_AT)
    except OSError:
        return False
    if head.startswith(b'{"'):
        return b'"type"' in head and b'"iter"' in head and b'"seconds"' in head
    text = head.decode(wide_encoding(head) or "utf-8", "replace")
    return bool(CREATED.search(text) or any(
        STAMP.search(line, 0, 80) for line in re.split(r"[\r\n]+", text)))
