"""What a process does around a fork, so that parent and child both go on.

os.fork copies memory, but of all threads only the one that calls. Locks that others held stay
locked in the child, threads that it counts on are gone, and databases, sockets and half-written
files are those of the parent. Whoever keeps such a thing says ``watch(self)`` and has some of these
methods; they are called in this order of events, in the thread that forks:

    before_fork              in the parent, before; who came last is asked first
    after_fork_in_parent     there, after; who came first is asked first
    after_fork_in_child      in the child, in the same order

Whose ``before_fork`` fails is not asked after that fork: it cannot know how far it came.

Processes that are started otherwise (subprocess, spawn) are not concerned.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from typing import Any

from caffepy import log

logger = log.get(__name__)

_numbers = itertools.count()
_watched: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_gate = threading.Lock()  # one thread forks at a time
_asked: list[Any] = []  # who was asked before the fork under way


def watch(thing: Any) -> None:
    """Ask ``thing``, for as long as it lives, whenever this process or a child of it forks."""
    number = next(_numbers)
    if number == 0 and hasattr(os, "register_at_fork"):  # Windows does not fork
        os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
    _watched[number] = thing


def keep_for_ever(thing: object) -> None:
    """Never free ``thing``: in a child, what would write to the parent's files when it goes."""
    import ctypes  # hardly anybody forks

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _before() -> None:
    _gate.acquire()
    # a list made at one stroke: other threads may come to be watched meanwhile
    watched = [thing for ref in _watched.valuerefs() if (thing := ref()) is not None]
    _asked[:] = [thing for thing in reversed(watched) if _ask(thing, "before_fork")][::-1]


def _in_parent() -> None:
    _after("after_fork_in_parent")


def _in_child() -> None:
    _after("after_fork_in_child")


def _after(event: str) -> None:
    asked = _asked[:]
    _asked.clear()
    for thing in asked:
        _ask(thing, event)
    _gate.release()


def _ask(thing: Any, event: str) -> bool:
    """Whether it went well, or there was nothing to do."""
    method = getattr(thing, event, None)
    try:
        if method is not None:
            method()
    except Exception:  # the others must be asked all the same
        logger.exception("%s of %s failed", event, type(thing).__name__)
        return False
    return True
