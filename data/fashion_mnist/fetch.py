"""Brings Fashion-MNIST's four idx files into this folder; get_fashion_mnist.sh calls it.

The data set: https://github.com/zalandoresearch/fashion-mnist (MIT licence), in MNIST's format and
size. Debian's package dataset-fashion-mnist has it; it is unpacked, not installed.
"""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fetching import LARGEST, File, Place, collect, run  # noqa: E402

FILES = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
PACKAGE = "dataset-fashion-mnist"
INSTALLED = "usr/share/datasets/fashion-mnist"  # where the package puts its files
MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def from_folder(folder: Path, missing: set[str]) -> Iterator[File]:
    for name in missing:
        with gzip.open(folder / f"{name}.gz") as file:
            yield name, file.read(LARGEST)


def from_system(missing: set[str]) -> Iterator[File]:
    yield from from_folder(Path("/") / INSTALLED, missing)


def from_debian(missing: set[str]) -> Iterator[File]:
    with tempfile.TemporaryDirectory() as folder:
        run("apt-get", "download", "-q", PACKAGE, cwd=folder)
        run("dpkg-deb", "-x", next(Path(folder).glob("*.deb")).name, "content", cwd=folder)
        yield from from_folder(Path(folder) / "content" / INSTALLED, missing)


def from_mirror(address: str) -> Place:
    def files(missing: set[str]) -> Iterator[File]:
        for name in missing:
            with urllib.request.urlopen(f"{address}{name}.gz", timeout=60) as answer:
                with gzip.open(io.BytesIO(answer.read(LARGEST))) as file:
                    yield name, file.read(LARGEST)

    return files


PLACES: dict[str, Place] = {
    f"/{INSTALLED}": from_system,
    f"Debian's package {PACKAGE}": from_debian,
    **{address: from_mirror(address) for address in MIRRORS},
}

if __name__ == "__main__":
    sys.exit(collect("Fashion-MNIST", HERE, FILES, PLACES))
