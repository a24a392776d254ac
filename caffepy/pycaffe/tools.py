"""pycaffe's odds and ends: Timer, logging, the list of layer types."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable

from caffepy import log
from caffepy.core import registry

__all__ = ["Timer", "init_log", "layer_type_list"]

_end_of_files: Callable[[], None] = lambda: None  # noqa: E731


class Timer:
    """A stop watch for what a script does.

        timer = caffe.Timer()
        timer.start()
        net.forward()
        timer.stop()
        print(timer.ms)
    """

    def __init__(self) -> None:
        self._started: float | None = None
        self._seconds = 0.0

    def start(self) -> None:
        """Begin at zero."""
        self._started = time.perf_counter()

    def stop(self) -> None:
        """End the measurement; without a start it does nothing."""
        if self._started is not None:
            self._seconds = time.perf_counter() - self._started
            self._started = None

    @property
    def ms(self) -> float:
        """Milliseconds between start and stop. A running timer is stopped by this look."""
        self.stop()
        return self._seconds * 1000

    def __repr__(self) -> str:
        return "<Timer, running>" if self._started is not None else f"<Timer, {self.ms:.3f} ms>"


def init_log(level: int | None = None, stderr: bool = True) -> None:
    """Show the engine's log, which Python users do not see otherwise.

    Args:
        level: 0 INFO, 1 WARNING, 2 ERROR, 3 FATAL; by default GLOG_minloglevel, else 0.
        stderr: on standard error; with False errors alone go there, and everything into files
            caffe.*.log.* in GLOG_log_dir or the temporary folder, as glog does.
    """
    least = log.level_from_environment(logging.INFO) if level is None else log.glog_level(level)
    from caffepy.services import logfiles

    global _end_of_files
    _end_of_files()
    folder = os.environ.get("GLOG_log_dir") or tempfile.gettempdir()
    _end_of_files = logfiles.start(logfiles.Settings(
        logtostderr=bool(stderr), alsologtostderr=False, log_dir=folder,
        minloglevel=log.GLOG_LEVELS.index(least),
    ), "caffe")


def layer_type_list() -> list[str]:
    """The names of all layer types, sorted."""
    return registry.types()
