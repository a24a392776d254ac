"""glog's log files: caffe.<host>.<user>.log.INFO.<date>-<time>.<pid>, and WARNING and ERROR.

A file of a level holds that level and all above it, and is made when its first line comes. They
lie in --log_dir (made if missing), else in GLOG_log_dir, else in the system's temporary folder;
<program>.INFO links to the newest. A folder that cannot be written costs one warning, never the
run.
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from caffepy import log

LEVELS = (logging.INFO, logging.WARNING, logging.ERROR)


@dataclass(frozen=True)
class Settings:
    """glog's flags of the same names."""

    logtostderr: bool = False
    alsologtostderr: bool = True
    log_dir: str = ""
    minloglevel: int = 0
    stderrthreshold: int = 2


class LevelFile(logging.Handler):
    """The log file of one level, opened by its first line."""

    def __init__(self, level: int, folder: str, program: str) -> None:
        super().__init__(level)
        self.folder = folder
        self.program = program
        self.file: TextIO | None = None
        self.setFormatter(log.GlogFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.file is None:
                self.file = self._open()
            self.file.write(self.format(record) + "\n")
            self.file.flush()
        except OSError as error:
            root = logging.getLogger(log.ROOT)
            if self in root.handlers:
                root.removeHandler(self)
                log.get(__name__).warning("No log file in %s: %s", self.folder, error)

    def close(self) -> None:
        if self.file is not None:
            with contextlib.suppress(OSError):  # what a full disk has not taken is lost
                self.file.close()
            self.file = None
        super().close()

    def _open(self) -> TextIO:
        name = logging.getLevelName(self.level)
        now = datetime.now()
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(
            self.folder,
            f"{self.program}.{platform.node() or 'localhost'}.{user()}.log.{name}."
            f"{now:%Y%m%d-%H%M%S}.{os.getpid()}",
        )
        file = open(path, "a", encoding="utf-8", errors="backslashreplace")
        # parse_log finds the year, which the lines lack, in this heading
        file.write(
            f"Log file created at: {now:%Y/%m/%d %H:%M:%S}\n"
            f"Running on machine: {platform.node() or 'localhost'}\n"
            "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n"
        )
        _link(os.path.basename(path), os.path.join(self.folder, f"{self.program}.{name}"))
        return file


def start(settings: Settings, program: str) -> Callable[[], None]:
    """Set up standard error and the files as ``settings`` say; returns what ends it."""
    least = log.glog_level(settings.minloglevel)
    log.init(least)
    root = logging.getLogger(log.ROOT)
    shown = settings.logtostderr or settings.alsologtostderr
    for handler in root.handlers:
        if isinstance(handler, log.StderrHandler):
            handler.setLevel(least if shown else log.glog_level(settings.stderrthreshold))
    files = [] if settings.logtostderr else [
        LevelFile(level, settings.log_dir or tempfile.gettempdir(), file_program(program))
        for level in LEVELS
    ]
    for file in files:
        root.addHandler(file)
    leave_warnings = log.take_warnings()

    def stop() -> None:
        leave_warnings()
        for file in files:
            root.removeHandler(file)
            file.close()

    return stop


def file_program(program: str) -> str:
    """The first part of the file names: scripts look for caffe.*, whatever we are called."""
    name = os.path.basename(program.split()[0]) if program else ""
    return "caffe" if name in ("", "caffepy") else name


def user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):         # a container's user id without a name
        return "unknown"


def _link(target: str, link: str) -> None:
    """A convenience only: some file systems have no links, some folders forbid it."""
    try:
        if os.path.islink(link):
            os.unlink(link)
        os.symlink(target, link)
    except OSError:
        return
