"""download_model_binary: the weights of a model, as the front matter of its readme.md says.

    ---
    name: BVLC CaffeNet Model
    caffemodel: bvlc_reference_caffenet.caffemodel
    caffemodel_url: http://dl.caffe.berkeleyvision.org/bvlc_reference_caffenet.caffemodel
    sha1: 4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46
    ---
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.services.model_weights import download


@gflags.command(
    "download_model_binary",
    help="Download the weights of the model in the folder DIRNAME: its readme.md says from where.",
)
@click.argument("dirname")
def main(dirname: str) -> None:
    download(dirname)


if __name__ == "__main__":
    main()
