"""Surveys in a thread of their own, one after the other, kept until the data change."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from caffepy.board.data.sources import Source, Sources
from caffepy.board.data.survey import Survey
from caffepy.board.keeping import Kept
from caffepy.board.shelf import Shelf
from caffepy.board.working import last_in_line

WAIT = 1.5  # seconds that a page waits for a survey to be done
KEPT = 8


class Surveys:
    """See ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self._kept: Kept[tuple[Survey, threading.Event]] = Kept(KEPT)
        self._running: dict[str, tuple[Survey, threading.Event]] = {}
        self._pool = ThreadPoolExecutor(1, "survey", initializer=last_in_line)

    def of(self, sources: Sources, source: Source, wait: float = WAIT) -> Survey:
        """The survey of a source: begun if there is none, done if that does not take long, else as
        it is now.

        Args:
            wait: seconds to wait for it.

        Raises:
            CaffeError: it cannot be opened.
        """
        store = sources.store(source)

        def begin() -> tuple[Survey, threading.Event]:
            running = self._running.get(source.name)
            if running is not None and not running[1].is_set():
                return running  # of a database that is being written
            survey, ready = Survey(store.count()), threading.Event()
            self._running[source.name] = survey, ready

            def work() -> None:
                try:
                    survey.run(store)
                finally:
                    survey.done = True
                    ready.set()

            self._pool.submit(work)
            return survey, ready

        survey, ready = self._kept.get(source.name, begin, *store.files())
        return survey if ready.wait(wait) else survey.glimpse()
