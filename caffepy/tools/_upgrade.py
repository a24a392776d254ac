"""What the three upgrade tools share: how an attempt is made and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message

from caffepy import log
from caffepy.errors import CaffeError, DataError
from caffepy.proto import text
from caffepy.proto.files import atomic_write

logger = log.get(__name__)

PROBLEMS = "Warning: had one or more problems"  # so begins the note of core.upgrade on them
UNREADABLE = 2  # the exit code for an input file that cannot be used; 1 is for all else


@contextmanager
def reading() -> Iterator[None]:
    """An error in here is one of the input file: the program ends with a code of its own."""
    try:
        yield
    except CaffeError as error:
        error.exit_code = UNREADABLE
        raise


def net(param: Any, path: str) -> list[str]:
    """Upgrade a net in place; returns the notes of core.upgrade.

    Crop layers that align get their offsets, since other programs know no ``align``.
    """
    from caffepy.core import crops
    from caffepy.core.upgrade import upgrade_net

    notes = upgrade_net(param, path)
    if any(layer.crop_param.align for layer in param.layer):
        try:
            crops.align(param)
        except CaffeError as error:
            logger.warning("crop_param { align: true } stays, which only caffepy knows: %s", error)
    return notes


def finish(param: Message, kind: str, path: str, notes: Sequence[str],
           to_bytes: Callable[[Message], bytes]) -> int:
    """Write the result to ``path`` and say how it went; returns the exit code.

    Args:
        kind: for the log, such as "NetParameter text".
        notes: what the upgrade did; none: there was nothing to do.
    """
    failed = any(note.startswith(PROBLEMS) for note in notes)
    if failed:
        logger.error("Encountered error(s) while upgrading prototxt; see details above.")
    if not notes:
        logger.warning("File already in latest proto format.")
    with atomic_write(path) as file:
        file.write(to_bytes(param))
    logger.info("Wrote upgraded %s proto to %s", kind, path)
    return int(failed)


def as_text(param: Message) -> bytes:
    return text.to_text(param).encode("utf-8", "surrogateescape")


def as_binary(param: Message) -> bytes:
    try:
        return param.SerializeToString()
    except ValueError as error:  # 2 GB is all that protobuf writes
        raise DataError(f"the result cannot be written: {error}") from error
