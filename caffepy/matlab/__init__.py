"""MATLAB's words for Caffe, the package ``+caffe``, and the Python session behind them.

The m-files of this folder say in MATLAB's way what is wanted; everything is done here, in Python:

    caffe.Net, .Blob, ...  ─►  caffe_(verb, ...)  ─►  frame of bytes  ─►  Session  ─►  pycaffe's Net

Octave starts this folder as a program and sends frames through pipes (pipes.py); MATLAB hands the
same bytes to ``answer`` by its own bridge to Python. frames.py says what is in them. The verbs are
small functions over pycaffe's objects: nets.py, solvers.py, blobs.py, pictures.py, modes.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caffepy.matlab.session import Session

FOLDER = Path(__file__).parent  # what addpath wants

_session: Session | None = None


def answer(frame: bytes) -> bytes:
    """Do what a frame asks, in this process's one session, and give the frame of the reply.

    This is what MATLAB calls; it never raises for what is asked, errors are in the reply.
    """
    global _session
    from caffepy.matlab import frames
    from caffepy.matlab.session import Session

    if _session is None:
        _session = Session()
    return b"".join(frames.packed(_session.answer(frame[frames.LENGTH.size :])))
