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
from caffepy.proto.varint import FIXED32, FIXED64, LENGTH, VARINT, read_varint

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
HEAD = 4096  # bytes by which text is told from binary
FIELDS_LOOKED_AT = 64
LONGEST_KEPT = 50  # characters of a name that go into another: a name may have 255 bytes

# what a text file of Caffe begins with: comments, then `name:`, `layer {` or `layer <`
PROTOTXT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*(?:\n|$))*(?:[A-Za-z_]\w*\s*[:{<]|$)")
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")

# files that are taken for Caffe's now and then: how they begin, what they are, what to do
STRANGERS = [
    (re.compile(begin, re.DOTALL | re.IGNORECASE), what, fix)
    for begin, what, fix in (
        (rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|html|head|body|div|script|\?xml)", "a web page",
         "The download gave a page in place of the file: look at it, and fetch the file again."),
        (rb"\s*(404|403|500|429)\b[^\n]*\s*$", "the answer of a web server",
         "The download did not find the file: look at its address, and fetch it again."),
        (rb"version https://git-lfs", "a pointer of Git LFS",
         "Fetch the file itself: git lfs pull."),
        (rb"\x1f\x8b|BZh\d|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a|\x28\xb5\x2f\xfd", "a compressed file",
         "Unpack it first."),
        (rb".{257}ustar", "a tar archive", "Unpack it first."),
        (rb"PK\x03\x04", "a zip archive, as .docx, .npz and PyTorch's .pth files are", None),
        (rb"%PDF-", "a PDF document", "Save the text alone, as UTF-8."),
        (rb"\{\\rtf", "a document in Rich Text Format", "Save the text alone, as UTF-8."),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1", "a document of an old Word or Excel",
         "Save the text alone, as UTF-8."),
        (rb"\s*[{\[]\s*\"", "JSON", None),
        (rb"\x7fELF|MZ\x90", "a program", None),
        (rb"\x80[\x02-\x05][^\x00-\x08]", "a pickle, as old .pth files are", None),
        (rb"\x93NUMPY", "a .npy file", None),
        (rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0\0\0\0|RIFF.{4}WEBP|II\*\0|MM\0\*",
         "a picture", None),
        (rb".{16}\xde\xc0\xef\xbe", "an LMDB's data.mdb",
         "A net names the folder of a database as data_param { source: ... }."),
    )
]

# the marks that UTF-16 and UTF-32 begin with; the longer ones first
WIDE_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"),
)  # fmt: skip

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


def beside(path: str | os.PathLike[str], ending: str = "part", *, hidden: bool = False) -> str:
    """A name that nobody has, in the folder of ``path``: for what is to take its place later.

    Args:
        ending: what the name ends with, after a dot: it tells people what was left lying there.
        hidden: for files, which are gone soon; folders of databases should be seen.
    """
    folder, name = os.path.split(os.fspath(path))
    dot = "." if hidden else ""
    return os.path.join(folder, f"{dot}{name[:LONGEST_KEPT]}.{secrets.token_hex(4)}.{ending}")


def put_in_place(written: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Give what was written beside ``path`` its name, so that it lasts through a power cut."""
    os.replace(written, path)
    folder = os.path.dirname(os.path.abspath(path))
    with contextlib.suppress(OSError):  # a system that does not open folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
    part = Path(beside(target, hidden=True))
    process = os.getpid()
    begun.add(str(part))
    try:
        if target.is_dir():
            raise IsADirectoryError
        yield target if special else part
        if not special and os.getpid() == process:  # a forked child leaves it to its parent
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
            put_in_place(part, target)
    except OSError as error:
        raise file_error(error, path, "written") from error
    finally:
        if os.getpid() == process:
            begun.discard(str(part))
            with contextlib.suppress(OSError):
                part.unlink()


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file whose bytes become ``path`` when the block ends without an error.

    Raises: as ``atomic_path``.
    """
    with atomic_path(path) as part, open(part, "wb") as file:
        yield file


def check_place(path: str | os.PathLike[str]) -> None:
    """Find out now, not after the work for it, whether ``path`` can be written; nothing is left.

    Raises: as ``atomic_path``.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError
        if not target.exists() or target.is_file():
            with open(beside(target, hidden=True), "xb") as file:
                os.unlink(file.name)
    except OSError as error:
        raise file_error(error, path, "written") from error


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
        # a traceback may hold a slice, or an array be lent: then it lives as long as they do
        with contextlib.suppress(BufferError):
            view.release()
            if isinstance(area, mmap.mmap):
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


def wide_encoding(data: bytes) -> str:
    """"UTF-16" or "UTF-32" by the mark that a file begins with, or ""."""
    return next((name for mark, name in WIDE_MARKS if data.startswith(mark)), "")


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
    if wide := wide_encoding(head):
        head = head.decode(wide, "ignore").encode()
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
    """A varint and the place after it; 0 and the end where there is none."""
    return read_varint(data, at, len(data)) or (0, len(data))
