"""Brings CIFAR-10's binary files into this folder; get_cifar10.sh calls it.

The archive is checked by the MD5 that its page gives (https://www.cs.toronto.edu/~kriz/cifar.html).
Files that are here already are left alone; each new one appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from caffepy import log  # noqa: E402
from caffepy.errors import CaffeError  # noqa: E402
from caffepy.services import downloads  # noqa: E402

ARCHIVE = "cifar-10-binary.tar.gz"
URL = f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
# name: bytes
FILES = {**{f"data_batch_{i}.bin": 30730000 for i in range(1, 6)}, "test_batch.bin": 30730000}
NAMES_OF_CLASSES = "batches.meta.txt"


def missing() -> set[str]:
    return {name for name, size in FILES.items()
            if not (HERE / name).is_file() or (HERE / name).stat().st_size != size}


def unpack(archive: Path) -> None:
    """The files of FILES, by their bare names: an archive has no say in where they go."""
    with tarfile.open(archive) as packed:
        for member in packed:
            name = os.path.basename(member.name)
            wanted = name in FILES or name == NAMES_OF_CLASSES
            content = packed.extractfile(member) if wanted and member.isfile() else None
            if content is None:
                continue
            part = HERE / f"{name}.part"
            try:
                with open(part, "wb") as file:
                    shutil.copyfileobj(content, file)
                os.replace(part, HERE / name)
            finally:
                part.unlink(missing_ok=True)


def main() -> int:
    log.init()
    archive = HERE / ARCHIVE
    if missing():
        try:
            if not downloads.has_digest(str(archive), MD5, "md5"):
                print(f"CIFAR-10: fetching {URL} ...", flush=True)
                downloads.fetch(URL, str(archive), MD5, "md5")
            unpack(archive)
        except (CaffeError, OSError, tarfile.TarError) as error:
            print(f"CIFAR-10: {error}", file=sys.stderr)
            print(f"Put {ARCHIVE} into data/cifar10 yourself, or try again with a network.",
                  file=sys.stderr)
            return 1
        archive.unlink(missing_ok=True)
    if missing():
        print(f"CIFAR-10: the archive lacks {', '.join(sorted(missing()))}", file=sys.stderr)
        return 1
    print("CIFAR-10: all files are in data/cifar10.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
