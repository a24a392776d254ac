"""Brings what goes with ImageNet 2012 into this folder; get_ilsvrc_aux.sh calls it.

The archive's place of origin has no checksum, so what comes is checked by what must be in it: the
numbers of lines, and the size of the mean picture. Files that are here already and right are left
alone; each new one appears whole or not at all. The mean picture is also written as the .npy file
that scripts of pycaffe's days load.
"""

from __future__ import annotations

import io
import os
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from fetching import store  # noqa: E402

ARCHIVE = "caffe_ilsvrc12.tar.gz"
URLS = (
    f"http://dl.caffe.berkeleyvision.org/{ARCHIVE}",
    f"https://download.openmmlab.com/mmclassification/datasets/imagenet/meta/{ARCHIVE}",
)
LINES = {
    "synsets.txt": 1000, "synset_words.txt": 1000,
    "train.txt": 1281167, "val.txt": 50000, "test.txt": 100000,
}  # fmt: skip
MEAN = "imagenet_mean.binaryproto"
MEAN_BYTES = 4 * 3 * 256 * 256  # and a few that say so
MEAN_ARRAY = "ilsvrc_2012_mean.npy"
OTHERS = ("det_synset_words.txt", "imagenet.bet.pickle")


def wrong(name: str, content: bytes) -> str | None:
    """What is wrong with a file that has this content, or None."""
    if name in LINES:
        count = content.count(b"\n") + (not content.endswith(b"\n"))
        return None if count == LINES[name] else f"{name} has {count} lines, not {LINES[name]}"
    if name == MEAN and not MEAN_BYTES < len(content) < MEAN_BYTES + 64:
        return f"{name} has {len(content)} bytes: it is no picture of 3 x 256 x 256"
    return None


def missing() -> set[str]:
    return {name for name in (*LINES, MEAN)
            if not (HERE / name).is_file() or wrong(name, (HERE / name).read_bytes())}


def unpack(archive: str) -> None:
    """The known files, by their bare names: an archive has no say in where they go."""
    with tarfile.open(archive) as packed:
        for member in packed:
            name = os.path.basename(member.name)
            known = name in LINES or name == MEAN or name in OTHERS
            file = packed.extractfile(member) if known and member.isfile() else None
            if file is not None:
                content = file.read()
                fault = wrong(name, content)
                if fault:
                    raise OSError(fault)
                store(HERE / name, content)


def fetch(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, ARCHIVE)
        with urllib.request.urlopen(url, timeout=60) as answer, open(path, "wb") as file:
            while data := answer.read(1 << 20):
                file.write(data)
        unpack(path)


def convert_mean() -> None:
    """The mean picture as pycaffe's package had it: an array of 3 x 256 x 256 float64, BGR."""
    try:
        import numpy as np

        from caffepy.data.transform import read_mean
    except ImportError as error:
        print(f"ImageNet: {MEAN_ARRAY} is not made, as {error.name} is missing; run "
              "scripts/setup.sh, then this again", file=sys.stderr)
        return
    content = io.BytesIO()
    np.save(content, read_mean(str(HERE / MEAN)).astype(np.float64))
    store(HERE / MEAN_ARRAY, content.getvalue())


def main(given: list[str]) -> int:
    failures = []
    for place in given or URLS:
        if not missing():
            break
        print(f"ImageNet: trying {place} ...", flush=True)
        try:
            if given:
                unpack(place)
            else:
                fetch(place)
        except (OSError, tarfile.TarError, EOFError) as error:  # the next place may do
            failures.append(f"  {place}: {error}")
            print(f"ImageNet: that did not work ({error})", flush=True)
    lacking = missing()
    if lacking:
        print(f"ImageNet: {', '.join(sorted(lacking))} could not be had:", *failures, sep="\n",
              file=sys.stderr)
        print(f"Bring {ARCHIVE} yourself and name it: data/ilsvrc12/get_ilsvrc_aux.sh {ARCHIVE}",
              file=sys.stderr)
        return 1
    if not (HERE / MEAN_ARRAY).exists():
        convert_mean()
    print("ImageNet: the lists, names and the mean picture are in data/ilsvrc12.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
