"""The files of a model in a gist."""

from __future__ import annotations

import io
import os
import re
import shutil
import urllib.error
import urllib.request
import zipfile

from caffepy import log
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto.files import beside, put_in_place
from caffepy.services import downloads

logger = log.get(__name__)

URL = "https://gist.github.com/{}/download"
LARGEST = 64 << 20  # bytes; weights are not part of a gist


def download(gist: str, folder: str = "models") -> str:
    """Bring the files of a gist into a new folder inside ``folder``; returns its path.

    Args:
        gist: its number, or user/number; a commit may follow.

    Raises:
        ConfigError: no number, or the folder is there already. NotFound: no answer.
        DataError: what came is no archive.
    """
    if not re.fullmatch(r"[\w-]+(/[\w-]+)*", gist):
        raise ConfigError("a gist is called by its number, or user/number", found=repr(gist))
    path = os.path.join(folder, gist.replace("/", "-"))
    if os.path.lexists(path):
        raise ConfigError("the folder is there already", where=path,
                          fix="Move it away, so that nothing of it is overwritten.")
    url = URL.format(gist)
    try:
        with urllib.request.urlopen(url, timeout=downloads.SECONDS) as answer:
            content = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise NotFound(f"the server does not give it: {error.code} {error.reason}",
                           where=url) from None
    except OSError as error:  # URLError, too
        raise NotFound(f"no answer: {getattr(error, 'reason', error)}", where=url) from error
    if len(content) > LARGEST:
        raise DataError(f"the gist has more than {LARGEST >> 20} MB", where=url)
    new = beside(path, "new")
    os.makedirs(new)
    try:
        names = unpack(content, new, url)
        put_in_place(new, path)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    logger.info("Wrote %s: %s", path, ", ".join(names))
    return path


def unpack(content: bytes, folder: str, url: str) -> list[str]:
    """Write the files of a zip archive by their bare names: it has no say in where they go."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            files = {os.path.basename(info.filename): info for info in packed.infolist()
                     if not info.is_dir()}
            if sum(info.file_size for info in files.values()) > LARGEST:
                raise DataError(f"the gist has more than {LARGEST >> 20} MB", where=url)
            for name, info in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(packed.read(info))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        if isinstance(error, CaffeError):
            raise
        raise DataError(f"what came is no zip archive: {error}", where=url) from error
    return sorted(files)
