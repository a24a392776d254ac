"""Log lines that look like glog's, on top of the standard library's logging.

    I1122 16:29:33.283150  7724 solver.py:239] Iteration 100 (26.8 iter/s, ...

One letter for the level, month and day in two digits each, wall time to the microsecond, the
process id, file and line: programs that parse Caffe's logs count on exactly this prefix.

In Python nothing is shown below WARNING unless ``GLOG_minloglevel`` or ``init`` says so, but for
what a solver file's ``display`` asks for while the solver trains (``shown``); the command line
calls ``init`` and shows all.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from types import ModuleType
from typing import TextIO

from caffepy.errors import one_line

ROOT = "caffepy"
INFO = logging.INFO
FATAL = logging.CRITICAL

NOT_ASKED = logging.WARNING - 1  # shows what WARNING does; nobody has said which level is wanted

# glog counts 0 INFO, 1 WARNING, 2 ERROR, 3 FATAL
GLOG_LEVELS = (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
LETTERS = {"DEBUG": "I", "INFO": "I", "WARNING": "W", "ERROR": "E", "CRITICAL": "F"}


def _message(record: logging.LogRecord) -> str:
    """The message; line feeds and the like in the names it is about are escaped."""
    words, text = record.args, record.msg
    if not isinstance(words, tuple) or "\n" in text or text == "%s" or all(
            word.isprintable() for word in words if isinstance(word, str)):
        return record.getMessage()
    shown = tuple(one_line(word) if isinstance(word, str) else word for word in words)
    return str(text % shown)


class GlogFormatter(logging.Formatter):
    """``Lmmdd hh:mm:ss.uuuuuu PID file.py:line] message``."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created)
        text = (
            f"{LETTERS[record.levelname]}{stamp:%m%d %H:%M:%S.%f} {record.process:5d} "
            f"{record.filename}:{record.lineno}] {_message(record)}"
        )
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def get(name: str) -> logging.Logger:
    """The logger of a module; call as ``log.get(__name__)``."""
    # a module that is run by ``python -m`` has lost its name, but is still one of ours
    return logging.getLogger(f"{ROOT}.main" if name == "__main__" else name)


def glog_level(number: int) -> int:
    """The logging level for glog's number (0 INFO .. 3 FATAL); numbers outside are clamped."""
    return GLOG_LEVELS[min(max(number, 0), len(GLOG_LEVELS) - 1)]


def level_from_environment(default: int) -> int:
    """The level that ``GLOG_minloglevel`` asks for, or the default."""
    text = os.environ.get("GLOG_minloglevel", "")
    return glog_level(int(text)) if text.isdigit() else default


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever sys.stderr is now, so that redirections made later are honoured."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def init(level: int = logging.INFO) -> None:
    """Show lines from ``level`` up on standard error. Calling it again only sets the level."""
    root = logging.getLogger(ROOT)
    if not any(isinstance(handler, StderrHandler) for handler in root.handlers):
        handler = StderrHandler()
        handler.setFormatter(GlogFormatter())
        root.addHandler(handler)
        root.propagate = False
    root.setLevel(level)


def take_warnings() -> Callable[[], None]:
    """From now on Python's warnings (NumPy's of an overflow, say) are lines of the log, which
    parsers can read, and not two lines without a date among them. Returns what ends that."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int,
             file: TextIO | None = None, line: str | None = None) -> None:
        text = " ".join(str(message).split())
        get(f"{ROOT}.warnings").warning("%s: %s (%s:%d)", category.__name__, text,
                                        os.path.basename(filename), lineno)

    warnings.showwarning = show

    def end() -> None:
        warnings.showwarning = before

    return end


def quiet_by_default() -> None:
    """What ``import caffepy`` does: warnings are seen, the thousand lines of a net are not."""
    init(level_from_environment(NOT_ASKED))


@contextlib.contextmanager
def shown(*names: str) -> Iterator[None]:
    """Show these loggers' lines from INFO up meanwhile, unless a level has been asked for: by
    ``GLOG_minloglevel``, ``init``, ``caffe.init_log``, or on the logger itself."""
    if logging.getLogger(ROOT).level != NOT_ASKED:
        yield
        return
    loggers = [logger for logger in map(logging.getLogger, names)
               if logger.level == logging.NOTSET]
    for logger in loggers:
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger in loggers:
            logger.setLevel(logging.NOTSET)


class _Held(threading.local):
    """Whose locks this thread holds while it forks."""

    handlers: Iterable[logging.Handler] = ()


_held = _Held()


def _hold() -> None:
    """No other thread is writing a line while the process forks: in the child the stream would be
    locked for ever. (The standard library renews its own locks, but not those of streams.)"""
    _held.handlers = dict.fromkeys(
        [*logging.getLogger(ROOT).handlers, *logging.getLogger().handlers])
    for handler in _held.handlers:
        handler.acquire()


def _let_go() -> None:
    for handler in _held.handlers:
        handler.release()
    _held.handlers = ()


def _let_go_in_child() -> None:
    for handler in _held.handlers:
        handler.createLock()
    _held.handlers = ()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go_in_child)


class _Callable(ModuleType):
    """pycaffe has a function ``caffe.log(text)`` where this module is: it can be called too."""

    def __call__(self, message: object) -> None:
        """Write a line of one's own at level INFO, with the caller's file and line."""
        logging.getLogger(ROOT).info("%s", message, stacklevel=2)


sys.modules[__name__].__class__ = _Callable
