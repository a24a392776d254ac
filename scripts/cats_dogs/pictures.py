"""What becomes of a photograph before a net sees it, in training and in use alike."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from caffepy.errors import DataError, NotFound

LABELS = {"cat": 0, "dog": 1}
ENDINGS = (".jpg", ".jpeg", ".png")


def find(folder: str | Path) -> list[Path]:
    """The pictures of a folder, ``cat.9.jpg`` before ``cat.10.jpg``.

    Raises:
        NotFound: there is no such folder, or no picture in it.
    """
    if not Path(folder).is_dir():
        raise NotFound("there is no such folder", where=str(folder))
    paths = [path for path in Path(folder).iterdir() if path.suffix.lower() in ENDINGS]
    if not paths:
        raise NotFound("there are no pictures", where=str(folder), allowed=", ".join(ENDINGS))
    return sorted(paths, key=lambda path: (len(path.name), path.name))


def label_of(path: Path) -> int:
    """0 for ``cat.0.jpg``, 1 for ``dog.0.jpg``.

    Raises:
        DataError: the name begins with neither.
    """
    kind = path.name.partition(".")[0]
    if kind not in LABELS:
        raise DataError("the file's name does not say what is on it", where=str(path),
                        found=repr(kind), allowed=" or ".join(f"{kind}.N" for kind in LABELS))
    return LABELS[kind]


def load(path: Path, size: int) -> np.ndarray:
    """The picture, size x size x 3, uint8, BGR, each channel's histogram equalised.

    Raises:
        DataError: it cannot be decoded.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError("the picture cannot be decoded", where=str(path))
    equal = cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(picture)])
    return cv2.resize(equal, (size, size), interpolation=cv2.INTER_CUBIC)
