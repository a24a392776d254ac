"""A file from the network: resumed where it was broken off, checked, whole or not there."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.error
import urllib.request
from typing import Any

from caffepy import log
from caffepy.errors import DataError, NotFound
from caffepy.proto.files import file_error, put_in_place
from caffepy.services import progress

logger = log.get(__name__)

CHUNK = 1 << 16  # bytes
SECONDS = 60  # without a byte, after which a server is given up
RANGE_NOT_SATISFIABLE = 416  # we have all bytes, or more


def has_digest(path: str, digest: str, algorithm: str = "sha1") -> bool:
    """Whether the file is there and has this digest (in hex)."""
    found = hashlib.new(algorithm)
    try:
        with open(path, "rb") as file:
            while data := file.read(1 << 20):
                found.update(data)
    except FileNotFoundError:
        return False
    return found.hexdigest() == digest.strip().lower()


def fetch(url: str, path: str, digest: str, algorithm: str = "sha1") -> None:
    """Bring ``url`` to ``path``. Meanwhile the bytes gather in ``<path>.part``, where the next
    call goes on if this one is broken off.

    Raises:
        NotFound: the server does not answer, or does not have it.
        DataError: what came has another digest, or cannot be written.
    """
    part = f"{path}.part"
    try:
        resumed = _receive(url, part)
        if resumed and not has_digest(part, digest, algorithm):
            logger.warning("What was there of %s does not fit: from the start again", path)
            os.remove(part)
            _receive(url, part)
        if not has_digest(part, digest, algorithm):
            os.remove(part)
            raise DataError(f"what came from there has another {algorithm.upper()}", where=url,
                            allowed=digest, fix="Try again, or take it from elsewhere.")
        put_in_place(part, path)
    except urllib.error.HTTPError as error:
        with error:
            raise NotFound(f"the server does not give it: {error.code} {error.reason}",
                           where=url) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise NotFound(f"no answer: {reason}", where=url,
                       fix=f"Run this again to go on with {part}.") from error
    except OSError as error:
        raise file_error(error, part, "written") from error


def _receive(url: str, part: str) -> bool:
    """Append to ``part`` what it lacks; returns whether it had a beginning."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    request = urllib.request.Request(url, headers={"User-Agent": "caffepy"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and have:
            error.close()
            return True
        raise
    with answer:
        if have and answer.status != 206:  # the server sends all of it, whatever we asked for
            have = 0
        if have:
            logger.info("Going on after %d bytes", have)
        length = answer.headers.get("Content-Length")
        with open(part, "ab" if have else "wb") as file, \
                _bar(have, have + int(length) if length else None) as bar:
            while data := answer.read(CHUNK):
                file.write(data)
                bar.update(len(data))
    size = os.path.getsize(part)
    if length and size < have + int(length):
        raise ConnectionError(f"broken off after {size} bytes")
    return have > 0


def _bar(have: int, total: int | None) -> Any:
    from tqdm import tqdm

    return tqdm(initial=have, total=total, unit="B", unit_scale=True, leave=False,
                disable=not sys.stderr.isatty(), file=sys.stderr, **progress.width())
