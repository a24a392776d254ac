"""Nets and solvers of any age, in today's format: how an attempt is made and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message

from caffepy import log
from caffepy.core import known_part, obeys, registry
from caffepy.core.upgrade import upgrade_net, upgrade_solver
from caffepy.errors import CaffeError, DataError
from caffepy.proto import caffe_pb2, files, forkwire, text
from caffepy.proto.files import atomic_write
from caffepy.proto.text import Source

logger = log.get(__name__)

PROBLEMS = "Warning: had one or more problems"  # so begins the note of core.upgrade on them
UNREADABLE = 2  # the exit code for an input file that cannot be used; 1 is for all else


def net_text(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in it has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    param = caffe_pb2.NetParameter()
    with _reading():
        where = text.read(source, param, registry.names)
    notes = _net(param, source)
    obeys.warn(param, where)
    _tell_unknown(param, where)
    return _finish(param, "NetParameter text", target, notes, _as_text)


def net_binary(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in it has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    param = caffe_pb2.NetParameter()
    with _reading(), files.mapped(source) as data:
        kind = files.sniff_bytes(data)
        if kind not in ("caffemodel", "unknown") or not len(data):
            fix = "upgrade_net_proto_text is for prototxt." if kind == "prototxt" else None
            raise DataError("this is no caffemodel", where=source,
                            found=f"a {kind} file" if len(data) else "an empty file", fix=fix)
        content = forkwire.ours(data, source)
        try:
            param.ParseFromString(content)
        except Exception as error:  # DecodeError; its class differs by protobuf's runtime
            raise DataError(f"a damaged caffemodel: {error}", where=source) from None
    notes = _net(param, source)
    _tell_unknown(param)
    return _finish(param, "NetParameter binary", target, notes, _as_binary)


def solver_text(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in its nets has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    param = caffe_pb2.SolverParameter()
    with _reading():
        where = text.read(source, param, registry.names)
    notes = upgrade_solver(param, source)
    for net in (param.net_param, param.train_net_param, *param.test_net_param):
        _tell_unknown(net, where)
    return _finish(param, "SolverParameter text", target, notes, _as_text)


@contextmanager
def _reading() -> Iterator[None]:
    """An error in here is one of the input file: the program ends with a code of its own."""
    try:
        yield
    except CaffeError as error:
        error.exit_code = UNREADABLE
        raise


def _net(param: Any, path: str) -> list[str]:
    """Upgrade a net in place; returns the notes of core.upgrade.

    Crop layers that align get their offsets, since other programs know no ``align``.
    """
    from caffepy.core import crops

    notes = upgrade_net(param, path)
    if any(layer.crop_param.align for layer in param.layer):
        try:
            crops.align(param)
        except CaffeError as error:
            logger.warning("crop_param { align: true } stays, which only caffepy knows: %s", error)
    return notes


def _tell_unknown(param: Any, source: Source | None = None) -> None:
    """Warn of layers of types that nobody knows; they stay as they are."""
    layers = [layer for layer in param.layer if known_part.is_unknown(layer)]
    for said in known_part.told(layers, source):
        logger.warning("Kept as it is: %s", said)


def _finish(param: Message, kind: str, path: str, notes: Sequence[str],
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


def _as_text(param: Message) -> bytes:
    return text.to_text(param).encode("utf-8", "surrogateescape")


def _as_binary(param: Any) -> bytes:
    try:
        data = param.SerializeToString()
    except ValueError as error:  # 2 GB is all that protobuf writes
        raise DataError(f"the result cannot be written: {error}") from error
    kept_apart = any(layer.HasField("fork_fields") for layer in param.layer)
    return forkwire.theirs(data) if kept_apart else data
