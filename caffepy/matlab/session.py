"""The session: the nets and solvers of one Octave or MATLAB, and what is asked of them."""

from __future__ import annotations

import os
import traceback

from caffepy import errors
from caffepy.errors import CaffeError, NotFound
from caffepy.matlab import blobs, frames, modes, nets, pictures, solvers, verbs
from caffepy.matlab.handles import Table

VERBS = (blobs, modes, nets, pictures, solvers)  # where they are written down


class Session:
    """Answers frames.

    Attributes:
        table: the nets, solvers, layers and blobs that have been given out.
    """

    def __init__(self) -> None:
        self.table = Table()

    def answer(self, body: frames.Piece) -> list[frames.Value]:
        """Do what a request says: the folder that paths start from, a verb, what it takes.

        Returns:
            "" and what the verb gives, if anything; or an error's identifier and its message.
        """
        try:
            folder, name, *given = frames.unpacked(body)
            go_to(folder)
            value = verbs.call(self.table, name, given)
        except CaffeError as error:
            family = next(cls for cls in type(error).__mro__ if cls.__module__ == errors.__name__)
            return failure(family.__name__, str(error))
        except Exception as error:  # a fault of ours, or no memory: the place is of use
            last = traceback.extract_tb(error.__traceback__)[-1]
            return failure(type(error).__name__, f"{type(error).__name__}: {error} "
                                                 f"({os.path.basename(last.filename)}:{last.lineno})")
        return [""] if value is None else ["", value]


def failure(kind: str, message: str) -> list[frames.Value]:
    """The reply that says what is wrong: ``caffe:ShapeError`` and the message."""
    return [f"caffe:{kind}", message]


def go_to(folder: str) -> None:
    """Let paths start from where Octave's or MATLAB's do.

    Raises:
        NotFound: it is not there any more.
    """
    try:
        if os.getcwd() != folder:
            os.chdir(folder)
    except OSError as error:
        raise NotFound(f"the current folder cannot be used: {error.strerror}",
                       where=folder) from error
