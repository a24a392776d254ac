"""download_model_from_gist: the files of a model that lies in a gist, as in the model zoo.

    download_model_from_gist 034c6ac3865563b69e60 models
    download_model_binary models/034c6ac3865563b69e60       # its weights
"""

from __future__ import annotations

import io
import os
import re
import shutil
import urllib.error
import urllib.request
import zipfile

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto.files import beside, put_in_place
from caffepy.tools import _download
from caffepy.tools.download_model_binary import front_matter

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
        with urllib.request.urlopen(url, timeout=_download.SECONDS) as answer:
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


@gflags.command(
    "download_model_from_gist",
    help="Download the files of a model in a gist into a new folder inside DIRNAME (models).",
)
@click.argument("gist_id")
@click.argument("dirname", required=False, default="models")
def main(gist_id: str, dirname: str) -> None:
    path = download(gist_id, dirname)
    try:
        about = front_matter(os.path.join(path, "readme.md"))
    except CaffeError as error:
        logger.warning("Its readme does not tell where its weights are: %s", error)
        return
    logger.info("`download_model_binary %s` fetches %s", path, about["caffemodel"])


if __name__ == "__main__":
    main()
