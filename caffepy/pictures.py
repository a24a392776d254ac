"""load_image: a picture from a file, from memory or from an address.

OpenCV is loaded at first use: it takes a tenth of a second, and many programs see no picture.
"""

from __future__ import annotations

import os
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from caffepy.data import image, opencv
from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.proto import files

Array = NDArray[Any]
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]

LUMINANCE = (0.2125, 0.7154, 0.0721)  # of red, green and blue, as scikit-image weighs them
ADDRESSES = ("http://", "https://", "ftp://", "file://")
PATIENCE = 30  # seconds that a server may keep us waiting
LONGEST_PATH = 4096


class Unreadable(DataError, OSError):
    """No picture; an OSError too, which pycaffe raised: ``except IOError`` of old scripts works."""


class Missing(NotFound, FileNotFoundError):
    """No such file or address."""


def load_image(filename: Source, color: bool = True) -> Array:
    """A picture as float32 in [0, 1]: RGB, H x W x 3, or with ``color=False`` H x W x 1.

    Gray pictures are repeated for RGB, alpha is dropped, and colours become gray by
    0.2125 R + 0.7154 G + 0.0721 B. A picture whose EXIF data says that it lies on its side is
    turned upright, as by the data layers. Of an animation it is the first picture.

    Args:
        filename: a path; an open file, BytesIO, or anything else that reads bytes; the bytes of a
            picture file; or an address that begins with http://, https:// or file://.
        color: three channels, or one.

    Raises:
        NotFound: no such file or address. DataError: it cannot be read, or is no picture. Both
            are OSErrors too.
    """
    picture = read(filename)
    full = {"uint8": 255, "uint16": 65535}.get(picture.dtype.name, 1)  # floats are as they are
    picture = picture.astype(np.float32) / np.float32(full)
    if picture.ndim == 2:
        return np.repeat(picture[:, :, None], 3 if color else 1, axis=2)
    rgb = picture[:, :, ::-1]
    if color:
        return np.ascontiguousarray(rgb)
    return (rgb @ np.array(LUMINANCE, np.float32))[:, :, None]


def read(source: Source, alpha: bool = False) -> Array:
    """Upright; H x W, or H x W x 3 in BGR order, or with ``alpha`` x 4, in the file's own type.

    Raises:
        As ``load_image``.
    """
    data, name = _bytes_of(source)
    if not data:
        raise Unreadable("not a picture: there is not a byte in it", where=name)
    cv2 = opencv.load()
    try:
        image.refuse_bomb(data)
        bytes_ = np.frombuffer(data, np.uint8)
        picture = cv2.imdecode(bytes_, cv2.IMREAD_UNCHANGED) if alpha else None
        if picture is None or picture.ndim == 2 or picture.shape[2] < 4:  # this looks at EXIF
            picture = cv2.imdecode(bytes_, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except DataError as error:
        raise Unreadable(error.message, where=name, found=error.found) from error
    except cv2.error as error:  # a size beyond all bounds, for one
        raise Unreadable(f"the picture cannot be decoded: {error.err}", where=name) from error
    if picture is None:
        raise Unreadable("not a picture that can be decoded", where=name,
                         found=f"{len(data)} bytes starting {data[:8].hex(' ')}",
                         allowed="PNG, JPEG and what else OpenCV reads")
    return picture


def _bytes_of(source: Source) -> tuple[bytes, str]:
    """What is to be decoded, and how errors call it."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        if not (len(data) < LONGEST_PATH and b"\0" not in data and os.path.isfile(data)):
            return data, "the bytes given"
        source = os.fsdecode(data)  # a path as bytes
    if isinstance(source, str) and source.lower().startswith(ADDRESSES):
        return _fetch(source), source
    if isinstance(source, (str, os.PathLike)):
        try:
            with open(source, "rb") as file:
                return file.read(), os.fspath(source)
        except OSError as error:
            raise _os_error(files.file_error(error, source, "read")) from None
    return _read(source)


def _read(file: Any) -> tuple[bytes, str]:
    """All of an open file; from its beginning if it has been read or written to its end."""
    if not hasattr(file, "read"):
        raise Unreadable("load_image takes a path, an address, an open file or a file's bytes",
                         found=type(file).__name__,
                         fix="An array is a picture already." if hasattr(file, "shape") else None)
    name = str(getattr(file, "name", type(file).__name__))
    data = file.read()
    if not data and hasattr(file, "seek"):
        file.seek(0)
        data = file.read()
    if isinstance(data, str):
        raise Unreadable("the file was opened as text", where=name,
                         fix='Open it with open(path, "rb"), or use io.BytesIO.')
    return bytes(data), name


def _fetch(address: str) -> bytes:
    """What a server, or file://, gives for an address."""
    import http.client
    import urllib.error
    import urllib.request

    try:
        request = urllib.request.Request(address, headers={"User-Agent": "caffepy"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as error:
        kind: type[Missing] | type[Unreadable] = Missing if error.code in (404, 410) else Unreadable
        status = f"{error.code} {error.reason}"
        error.close()
        raise kind(f"the server does not give the picture: {status}", where=address) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, FileNotFoundError) or "No such file" in str(reason):
            raise Missing(f"File not found: {address}") from None
        raise Unreadable(f"the address cannot be read: {reason or type(error).__name__}",
                         where=address, fix="Look it up in a browser.") from None


def _os_error(error: CaffeError) -> CaffeError:
    kind = Missing if isinstance(error, NotFound) else Unreadable
    return kind(error.message, where=error.where, found=error.found, fix=error.fix)
