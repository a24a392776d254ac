"""Files that appear whole or not at all, and the kinds of files Caffe keeps its words in."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import original_tree

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
HEAD = 4096  # bytes by which text is told from binary
FIELDS_LOOKED_AT = 64

# what a text file of Caffe begins with: comments, then `name:`, `layer {` or `layer <`
PROTOTXT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*(?:\n|$))*(?:[A-Za-z_]\w*\s*[:{<]|$)")
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")

# files that are taken for Caffe's now and then: how they begin, what they are, what to do
STRANGERS = [
    (re.compile(begin, re.DOTALL | re.IGNORECASE), what, fix)
    for begin, what, fix in (
        (rb"\s*<(!doctype|html|\?xml)", "a web page",
         "The download gave a page in place of the file: look at it, and fetch the file again."),
        (rb"version https://git-lfs", "a pointer of Git LFS",
         "Fetch the file itself: git lfs pull."),
        (rb"\x1f\x8b|BZh\d|\xfd7zXZ", "a compressed file", "Unpack it first."),
        (rb"PK\x03\x04", "a zip archive, as .npz and PyTorch's .pth files are", None),
        (rb"\x80[\x02-\x05][^\x00-\x08]", "a pickle, as old .pth files are", None),
        (rb"\x93NUMPY", "a .npy file", None),
        (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", None),
        (rb".{16}\xde\xc0\xef\xbe", "an LMDB's data.mdb",
         "A net names the folder of a database as data_param { source: ... }."),
    )
]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

begun: set[str] = set()  # paths of this process, and of those that forked it, that wait for a name


def file_error(error: OSError, path: str | os.PathLike[str], verb: str) -> CaffeError:
    """The error of ours that tells what an OSError means for ``path``; verb: "read", "written"."""
    place = os.fspath(path)
    if isinstance(error, FileNotFoundError):
        if verb == "written":
            folder = os.path.dirname(place) or "."
            return NotFound(f"cannot write {place}: there is no folder {folder}", fix="Make it.")
        return NotFound(f"File not found: {place}", fix=original_tree.advice(place))
    if isinstance(error, IsADirectoryError):
        return ConfigError("this is a folder, not a file", where=place)
    return DataError(f"the file cannot be {verb}: {error.strerror or error}", where=place)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes the place of ``path`` if the block succeeds.

    For writers that open files by themselves, such as HDF5. If the block raises, the file beside
    is removed and ``path`` is as it was. A path that is there and is no regular file
    (``/dev/stdout``) is written to directly.

    Raises:
        NotFound: the folder is not there.
        CaffeError: the file cannot be written (no space, no permission, a folder).
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    special = target.exists() and not target.is_file()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    process = os.getpid()
    begun.add(str(beside))
    try:
        if target.is_dir():
            raise IsADirectoryError
        yield target if special else beside
        if not special and os.getpid() == process:  # a forked child leaves it to its parent
            with open(beside, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(beside, target)
            _sync_folder(target.parent)
    except OSError as error:
        raise file_error(error, path, "written") from error
    finally:
        if os.getpid() == process:
            begun.discard(str(beside))
            with contextlib.suppress(OSError):
                beside.unlink()


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file whose bytes become ``path`` when the block ends without an error.

    Raises: as ``atomic_path``.
    """
    with atomic_path(path) as beside, open(beside, "wb") as file:
        yield file


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def mapped(path: str | os.PathLike[str]) -> Iterator[memoryview]:
    """The bytes of a file, read through the page cache without a copy, while the block runs.

    Raises:
        NotFound: no such file.
        CaffeError: a folder, or a file that cannot be read.
    """
    area = _map(path)
    view = memoryview(area)
    try:
        yield view
    finally:
        view.release()
        if isinstance(area, mmap.mmap):
            with contextlib.suppress(BufferError):  # an exception's traceback may hold a slice
                area.close()


def _map(path: str | os.PathLike[str]) -> mmap.mmap | bytes:
    try:
        with open(path, "rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError):  # empty, a pipe, or a file system that cannot map
                return file.read()
    except OSError as error:
        raise file_error(error, path, "read") from error


def sniff(path: str | os.PathLike[str]) -> str:
    """What a file is, by its content.

    Returns: "caffemodel", "solverstate", "hdf5", "prototxt", "binaryproto" (one BlobProto, as mean
    files are) or "unknown". A damaged file is still known by its beginning.

    Raises: as ``mapped``.
    """
    with mapped(path) as data:
        return sniff_bytes(data)


def stranger(data: memoryview) -> tuple[str, str | None] | None:
    """What a file is that is none of Caffe's, and what to do about it; None if unknown."""
    head = bytes(data[:HEAD])
    return next(((what, fix) for begin, what, fix in STRANGERS if begin.match(head)), None)


def sniff_bytes(data: memoryview) -> str:
    """As ``sniff``, for bytes at hand."""
    if stranger(data):
        return "unknown"
    offset = 0  # HDF5 allows a user's block of 512, 1024, 2048... bytes before the signature
    while offset + len(HDF5_SIGNATURE) <= len(data) and offset <= 1 << 16:
        if data[offset : offset + len(HDF5_SIGNATURE)] == HDF5_SIGNATURE:
            return "hdf5"
        offset = max(512, 2 * offset)
    head = bytes(data[:HEAD])
    if not NOT_TEXT.search(head):
        return "prototxt" if head.strip() and PROTOTXT.match(head) else "unknown"
    return _binary_kind(_outer_fields(data))


def _binary_kind(fields: set[tuple[int, int]]) -> str:
    """The message that has such outer (number, wire type) pairs.

    NetParameter:  1 name, 2 layers, 3 input, 100 layer      all of them with a length
    SolverState:   1 iter: a varint; 2 learned_net, 3 history: with a length
    BlobProto:     1 to 4 num..width: varints; 5 data, 7 shape: with a length
    """
    lengths = {number for number, wire in fields if wire == LENGTH}
    varints = {number for number, wire in fields if wire == VARINT}
    if 1 not in varints and lengths & {1, 2, 100}:
        return "caffemodel"
    if lengths & {2, 3}:
        return "solverstate"
    if lengths & {5, 7, 8, 12} or {(5, FIXED32), (8, FIXED64)} & fields or {1, 2} <= varints:
        return "binaryproto"
    return "solverstate" if 1 in varints else "unknown"


def _outer_fields(data: memoryview) -> set[tuple[int, int]]:
    """The outer (number, wire type) pairs, as far as they make sense."""
    fields: set[tuple[int, int]] = set()
    at = 0
    for _ in range(FIELDS_LOOKED_AT):
        tag, at = _varint(data, at)
        wire, number = tag & 7, tag >> 3
        if not 0 < number < 1 << 29 or wire not in (VARINT, FIXED64, LENGTH, FIXED32):
            break
        fields.add((number, wire))
        value, after = _varint(data, at) if wire in (VARINT, LENGTH) else (0, at)
        at = {VARINT: after, FIXED64: at + 8, LENGTH: after + value, FIXED32: at + 4}[wire]
    return fields


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A varint and the place after it; 0 where there is none."""
    value = 0
    for shift, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value, at + shift + 1
    return 0, len(data)
