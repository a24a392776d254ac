"""download_model_from_gist: the files of a model that lies in a gist, as in the model zoo.

    download_model_from_gist 034c6ac3865563b69e60 models
    download_model_binary models/034c6ac3865563b69e60       # its weights
"""

from __future__ import annotations

import os

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import CaffeError
from caffepy.services.gists import download
from caffepy.services.model_weights import front_matter

logger = log.get(__name__)


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
