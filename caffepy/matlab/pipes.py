"""The program behind Octave: reads requests from its standard input, writes replies to its output.

It ends when its input does, and takes care that it does so in every case: when Octave is killed
while a net trains, and when other children of Octave's still hold the pipe.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from types import FrameType
from typing import BinaryIO, NoReturn

import numpy as np

from caffepy.matlab import frames
from caffepy.matlab.session import Session, failure

GLANCE = 2.0  # seconds between two looks whether the parent is still there
MOMENT = 0.1  # seconds between two looks whether a last request is being worked on
GRACE = 10.0  # seconds in which the program must have ended by itself after that


def serve() -> None:
    """Answer until the input ends."""
    source, sink = _taken(0, "rb"), _taken(1, "wb")
    interrupts = Interrupts()
    signal.signal(signal.SIGINT, interrupts)
    signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # Octave's children begin deaf to signals
    threading.Thread(target=_watch, daemon=True,
                     args=(source.fileno(), os.getppid(), interrupts)).start()
    session = Session()
    with contextlib.suppress(BrokenPipeError):
        while (body := _read(source)) is not None:
            try:
                interrupts.wanted = True
                reply = session.answer(body)
                interrupts.wanted = False
            except KeyboardInterrupt:
                reply = failure("Interrupted", "interrupted")
            for piece in frames.packed(reply):
                sink.write(piece)
            sink.flush()


class Interrupts:
    """What Ctrl-C does, which a terminal sends to Octave and to its children: it ends the work on a
    request, once; between requests it does nothing.

    Attributes:
        wanted: whether a request is being worked on.
    """

    def __init__(self) -> None:
        self.wanted = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            self.wanted = False
            raise KeyboardInterrupt


def _taken(number: int, mode: str) -> BinaryIO:
    """Standard input or output for the frames alone. What else reads the one gets nothing; what
    else is printed to the other (by Python layers, by libraries) goes to standard error."""
    own = os.dup(number)
    if number == 0:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
    else:
        os.dup2(2, number)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return os.fdopen(own, mode)  # type: ignore[return-value]


def _read(source: BinaryIO) -> memoryview | None:
    """What is in the next frame, or None where the input ends."""
    head = source.read(frames.LENGTH.size)
    if len(head) < frames.LENGTH.size:
        return None
    body = np.empty(frames.LENGTH.unpack(head)[0], np.uint8).data
    got = 0
    while got < len(body):
        count = source.readinto(body[got:])  # type: ignore[attr-defined]
        if not count:
            return None
        got += count
    return body


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _watch(source: int, parent: int, interrupts: Interrupts) -> None:
    """End the program when nobody can ask any more. While nothing is to be done, the end of its
    input does that by itself."""
    hung_up = select.poll()
    hung_up.register(source, 0)  # no event but POLLHUP, which is always told
    while not hung_up.poll(GLANCE * 1000) and os.getppid() == parent:
        pass
    while not interrupts.wanted and os.getppid() == parent:
        time.sleep(MOMENT)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)
